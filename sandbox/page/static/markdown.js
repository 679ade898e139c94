// The markdown block: standard Markdown as far as Slack draws it.

import { h } from "./dom.js";
import { emoji } from "./emoji.js";

const INLINE = /`([^`]+)`|\[([^\]]+)\]\(([^)\s]+)\)|\*\*([^*]+)\*\*|~~([^~]+)~~|(?<!\w)[*_]([^*_]+)[*_](?!\w)/g;

export function markdown(text) {
  const out = h("div", { class: "markdown" });
  const rest = text.split("\n");
  while (rest.length) {
    const take = TAKERS.find(([test]) => test.test(rest[0]))[1];
    const node = take(rest);
    if (node) out.append(node);
  }
  return out;
}

const TAKERS = [
  [/^```/, fence],
  [
    /^\s*$/,
    (rest) => {
      rest.shift();
    },
  ],
  [
    /^#{1,6}\s/,
    (rest) => {
      const [, marks, words] = /^(#+)\s+(.*)$/.exec(rest.shift());
      return h(`h${Math.min(6, marks.length + 2)}`, {}, inline(words));
    },
  ],
  [
    /^(---|\*\*\*|___)\s*$/,
    (rest) => {
      rest.shift();
      return h("hr", { class: "b-divider" });
    },
  ],
  [/^>/, (rest) => h("blockquote", {}, joined(run(rest, /^>\s?/)))],
  [/^\s*[-*+]\s/, (rest) => h("ul", {}, run(rest, /^\s*[-*+]\s+/).map(item))],
  [/^\s*\d+[.)]\s/, (rest) => h("ol", {}, run(rest, /^\s*\d+[.)]\s+/).map(item))],
  [/^\s*\|.*\|\s*$/, grid],
  [/./, (rest) => h("p", {}, joined(paragraph(rest)))],
];

function fence(rest) {
  rest.shift();
  const lines = [];
  while (rest.length && !rest[0].startsWith("```")) lines.push(rest.shift());
  rest.shift();
  return h("pre", {}, lines.join("\n"));
}

function run(rest, mark) {
  const lines = [];
  while (rest.length && mark.test(rest[0])) lines.push(rest.shift().replace(mark, ""));
  return lines;
}

function paragraph(rest) {
  const lines = [rest.shift()];
  while (rest.length && TAKERS.find(([test]) => test.test(rest[0])) === TAKERS[TAKERS.length - 1])
    lines.push(rest.shift());
  return lines;
}

function item(text) {
  const todo = /^\[([ xX])\]\s+(.*)$/.exec(text);
  return todo ? h("li", { class: "todo" }, todo[1] === " " ? "☐ " : "☑ ", inline(todo[2])) : h("li", {}, inline(text));
}

function grid(rest) {
  const rows = run(rest, /^\s*\|/).map((line) =>
    line
      .replace(/\|\s*$/, "")
      .split("|")
      .map((cell) => cell.trim()),
  );
  const body = rows.filter((row) => !row.every((cell) => /^:?-+:?$/.test(cell)));
  return h(
    "div",
    { class: "b-table" },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          body[0].map((cell) => h("th", {}, inline(cell))),
        ),
      ),
      h(
        "tbody",
        {},
        body.slice(1).map((row) =>
          h(
            "tr",
            {},
            row.map((cell) => h("td", {}, inline(cell))),
          ),
        ),
      ),
    ),
  );
}

const joined = (lines) => lines.flatMap((line, at) => (at ? [h("br"), ...inline(line)] : inline(line)));

function inline(text) {
  const out = [];
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    const [whole, code, label, url, bold, strike, italic] = found;
    out.push(emoji(text.slice(from, found.index)));
    if (code) out.push(h("code", {}, code));
    else if (label)
      out.push(h("a", { href: /^https?:/.test(url) ? url : null, target: "_blank", rel: "noreferrer" }, label));
    else if (bold) out.push(h("b", {}, inline(bold)));
    else if (strike) out.push(h("s", {}, inline(strike)));
    else out.push(h("i", {}, inline(italic)));
    from = found.index + whole.length;
  }
  out.push(emoji(text.slice(from)));
  return out;
}
