// Slack's mrkdwn, plain_text and rich_text, as elements.

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { ago, exact, token } from "./time.js";

const unescape = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

export function textObject(given, ctx) {
  if (!given) return null;
  if (typeof given === "string") return given;
  return given.type === "mrkdwn" ? mrkdwn(given.text, ctx) : plain(given.text);
}

export function plain(text) {
  return h("span", { class: "plain" }, emoji(text));
}

export function mrkdwn(text, ctx) {
  const out = h("div", { class: "mrkdwn" });
  for (const [at, piece] of text.split(/```\n?([\s\S]*?)\n?```/).entries()) {
    if (at % 2) out.append(h("pre", {}, unescape(piece.replace(/<(?:[^|>]*\|)?([^>]*)>/g, "$1"))));
    else if (piece.trim() || (at === 0 && text === piece)) out.append(...lines(piece.replace(/^\n|\n$/g, ""), ctx));
  }
  return out;
}

function lines(text, ctx) {
  const out = [];
  let quote = null;
  for (const line of text.split("\n")) {
    const quoted = /^(?:>|&gt;)\s?(.*)$/.exec(line);
    if (quoted) {
      if (!quote) out.push((quote = h("blockquote", {})));
      else quote.append(h("br"));
      quote.append(...inline(quoted[1], ctx));
      continue;
    }
    if (out.length && !quote) out.push(h("br"));
    quote = null;
    out.push(...inline(line, ctx));
  }
  return out;
}

// Emphasis stands between a non-word and a non-space on each side: 2*3*4 and snake_case stay as they are.
const emphasis = (mark) => `(?<![\\w${mark}])${mark}(?!\\s)([^${mark}\\n]+?)(?<!\\s)${mark}(?![\\w${mark}])`;
const INLINE = new RegExp(["`([^`\\n]+)`", "<([^<>\\n]+)>", ...["\\*", "_", "~"].map(emphasis)].join("|"), "g");

export function inline(text, ctx) {
  const out = [];
  let from = 0;
  for (const found of hits(text)) {
    if (found.index > from) out.push(emoji(unescape(text.slice(from, found.index))));
    const [whole, code, angle, bold, italic, strike] = found;
    if (code !== undefined) out.push(h("code", {}, unescape(code.replace(/<(?:[^|>]*\|)?([^>]*)>/g, "$1"))));
    else if (angle !== undefined) out.push(reference(angle, ctx));
    else if (bold !== undefined) out.push(h("b", {}, ...inline(bold, ctx)));
    else if (italic !== undefined) out.push(h("i", {}, ...inline(italic, ctx)));
    else if (strike !== undefined) out.push(h("s", {}, ...inline(strike, ctx)));
    from = found.index + whole.length;
  }
  if (from < text.length) out.push(emoji(unescape(text.slice(from))));
  return out;
}

// A `*` inside <!date^...> must not end a bold run, so references are set aside before the search.
function hits(text) {
  const masked = text.replace(/<[^<>\n]+>/g, (ref) => `<${"\u0001".repeat(ref.length - 2)}>`);
  return [...masked.matchAll(INLINE)].map((found) => {
    const real = [...found].map((group, i) =>
      group === undefined || i === 0 ? group : original(text, masked, found, i),
    );
    real[0] = text.slice(found.index, found.index + found[0].length);
    return Object.assign(real, { index: found.index });
  });
}

function original(text, masked, found, group) {
  const start = masked.indexOf(found[group], found.index);
  return text.slice(start, start + found[group].length);
}

function reference(body, ctx) {
  const [target, label] = split(body);
  if (target.startsWith("@")) return mention(`@${ctx.user(target.slice(1))}`, target.slice(1) === ctx.me);
  if (target.startsWith("#")) return mention(`#${label || ctx.channel(target.slice(1))}`);
  if (target.startsWith("!subteam^")) return mention(label || `@${ctx.group(target.slice(9))}`);
  if (target.startsWith("!date^")) return dateToken(target.slice(6), label || "", ctx);
  if (target.startsWith("!")) return mention(`@${target.slice(1)}`, true);
  return link(unescape(target), label ? unescape(label) : unescape(target));
}

function split(body) {
  const bar = body.indexOf("|");
  return bar < 0 ? [body, ""] : [body.slice(0, bar), body.slice(bar + 1)];
}

function dateToken(body, fallback, ctx) {
  const [seconds, format, url] = body.split("^");
  const shown = time(seconds, format, fallback, ctx);
  return url ? link(url, shown) : shown;
}

function time(seconds, format, fallback, ctx) {
  const at = Number(seconds) * 1000;
  const live = format === "{ago}" ? { class: "ago", "data-at": String(at) } : {};
  return h("time", { ...live, title: exact(at, ctx) }, token(seconds, format, fallback, ctx));
}

export function refreshAgo(now) {
  for (const node of document.querySelectorAll("time.ago")) node.textContent = ago(Number(node.dataset.at), now);
}

const mention = (text, isMine = false) => h("span", { class: isMine ? "mention mine" : "mention" }, text);

function link(url, label) {
  const safe = /^(https?:|mailto:|\/)/.test(url) ? url : null;
  return h("a", { href: safe, target: "_blank", rel: "noreferrer" }, label);
}

const RICH = {
  text: (e) => emoji(e.text),
  link: (e) => link(e.url, e.text || e.url),
  emoji: (e) => emoji(`:${e.name}:`),
  user: (e, ctx) => mention(`@${ctx.user(e.user_id)}`, e.user_id === ctx.me),
  channel: (e, ctx) => mention(`#${ctx.channel(e.channel_id)}`),
  usergroup: (e, ctx) => mention(`@${ctx.group(e.usergroup_id)}`),
  broadcast: (e) => mention(`@${e.range}`, true),
  date: (e, ctx) => time(e.timestamp, e.format, e.fallback || "", ctx),
  color: (e) =>
    h(
      "span",
      {},
      h("span", { class: "swatch", style: `background:${/^#\w{3,8}$/.test(e.value) ? e.value : "none"}` }),
      e.value,
    ),
};

function richInline(element, ctx) {
  let node = RICH[element.type]?.(element, ctx) ?? "";
  for (const [style, tag] of [
    ["code", "code"],
    ["bold", "b"],
    ["italic", "i"],
    ["strike", "s"],
  ]) {
    if (element.style?.[style]) node = h(tag, {}, node);
  }
  return node;
}

export function richText(block, ctx) {
  return h(
    "div",
    { class: "rich" },
    (block?.elements || []).map((element) => richPart(element, ctx)),
  );
}

function richPart(element, ctx) {
  const inside = () => element.elements.map((each) => richInline(each, ctx));
  if (element.type === "rich_text_list") {
    const items = element.elements.map((item) => h("li", {}, richPart(item, ctx)));
    const style = `margin-left:${(element.indent || 0) * 20}px`;
    return h(
      element.style === "ordered" ? "ol" : "ul",
      { style, start: element.offset ? element.offset + 1 : null },
      items,
    );
  }
  if (element.type === "rich_text_quote") return h("blockquote", {}, inside());
  if (element.type === "rich_text_preformatted") return h("pre", {}, inside());
  return h("div", { class: "rich-section" }, inside());
}
