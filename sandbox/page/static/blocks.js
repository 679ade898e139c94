// Block Kit, drawn. `host` says who reads (ctx), what is picked so far (state), and what acting does (act).

import { chart } from "./charts.js";
import { h } from "./dom.js";
import { element } from "./elements.js";
import { emoji } from "./emoji.js";
import { markdown } from "./markdown.js";
import { richText, textObject } from "./text.js";

const STATUS = { pending: "waiting", in_progress: "under way", complete: "done", error: "failed" };

const BLOCKS = {
  section,
  context,
  actions,
  input,
  table,
  image,
  header: (b) => h("h3", { class: "b-header" }, emoji(b.text.text)),
  divider: () => h("hr", { class: "b-divider" }),
  markdown: (b, host) => markdown(b.text, host.ctx),
  rich_text: (b, host) => richText(b, host.ctx),
  plan: (b, host) => plan(b, host),
  task_card: (b, host) => h("ul", { class: "b-tasks alone" }, task(b, host)),
  data_visualization: (b) => chart(b),
  alert: (b, host) =>
    h("div", { class: `b-alert ${b.level || "default"}`, role: "note" }, textObject(b.text, host.ctx)),
};

export function blocks(list, host) {
  return list.map((block) => {
    const draw = BLOCKS[block.type];
    const drawn = draw
      ? draw(block, host)
      : h("div", { class: "b-unknown" }, `A ${block.type} block, which this page cannot draw.`);
    return h("div", { class: `block block-${block.type}` }, drawn);
  });
}

function section(b, host) {
  const body = h(
    "div",
    { class: "b-section-body" },
    b.text && textObject(b.text, host.ctx),
    b.fields &&
      h(
        "div",
        { class: "b-fields" },
        b.fields.map((f) => h("div", {}, textObject(f, host.ctx))),
      ),
  );
  if (!b.accessory) return body;
  const side = b.accessory.type === "image" ? picture(b.accessory, "b-thumb") : element(b.accessory, b, host);
  return h("div", { class: "b-section" }, body, h("div", { class: "b-accessory" }, side));
}

function context(b, host) {
  return h(
    "div",
    { class: "b-context" },
    b.elements.map((each) =>
      each.type === "image" ? picture(each, "b-icon") : h("span", {}, textObject(each, host.ctx)),
    ),
  );
}

function actions(b, host) {
  return h(
    "div",
    { class: "b-actions" },
    b.elements.map((each) => element(each, b, host)),
  );
}

function input(b, host) {
  const id = `in-${b.block_id}-${b.element.action_id}`;
  const error = host.errors?.[b.block_id];
  const field = element(b.element, b, { ...host, inputId: id, isInput: true });
  return h(
    "div",
    { class: error ? "b-input wrong" : "b-input" },
    h("label", { for: id }, emoji(b.label.text), b.optional && h("span", { class: "optional" }, " (optional)")),
    field,
    b.hint && h("p", { class: "hint" }, emoji(b.hint.text)),
    error && h("p", { class: "error", role: "alert" }, error),
  );
}

function image(b) {
  return h("figure", { class: "b-image" }, b.title && h("figcaption", {}, emoji(b.title.text)), picture(b, ""));
}

function picture(b, kind) {
  const shown = h("img", { class: kind, src: b.image_url, alt: b.alt_text, loading: "lazy" });
  shown.addEventListener("error", () => shown.replaceWith(h("span", { class: "b-alt" }, b.alt_text)));
  return shown;
}

function plan(b, host) {
  const tasks = b.tasks || [];
  const done = tasks.filter((t) => t.status === "complete").length;
  const failed = tasks.filter((t) => t.status === "error").length;
  return h(
    "section",
    { class: "b-plan" },
    h("header", {}, h("b", {}, emoji(b.title)), h("span", { class: "count" }, `${done} of ${tasks.length}`)),
    h(
      "div",
      {
        class: "bar",
        role: "progressbar",
        "aria-valuenow": String(done),
        "aria-valuemax": String(tasks.length),
        "aria-label": b.title,
      },
      h("i", { class: "complete", style: `flex:${done}` }),
      h("i", { class: "error", style: `flex:${failed}` }),
      h("i", { style: `flex:${tasks.length - done - failed}` }),
    ),
    h(
      "ul",
      { class: "b-tasks" },
      tasks.map((t) => task(t, host)),
    ),
  );
}

function task(t, host) {
  const status = t.status || "pending";
  return h(
    "li",
    { class: status },
    h("span", { class: "mark", role: "img", "aria-label": STATUS[status] || status }),
    h(
      "div",
      {},
      h("span", { class: "title" }, emoji(t.title)),
      t.details && h("div", { class: "details" }, richText(t.details, host.ctx)),
      t.output && h("div", { class: "output" }, richText(t.output, host.ctx)),
    ),
  );
}

function table(b, host) {
  const align = (column) => b.column_settings?.[column]?.align || "left";
  const isWrapped = (column) => Boolean(b.column_settings?.[column]?.is_wrapped);
  const cell = (tag) => (c, at) =>
    h(
      tag,
      { style: `text-align:${align(at)}`, class: isWrapped(at) ? "wrap" : "" },
      c.type === "rich_text" ? richText(c, host.ctx) : emoji(String(c.text ?? c.value ?? "")),
    );
  const [head, ...rows] = b.rows;
  return h(
    "div",
    { class: "b-table", tabindex: "0", role: "region", "aria-label": "Table" },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, head.map(cell("th")))),
      h(
        "tbody",
        {},
        rows.map((row) => h("tr", {}, row.map(cell("td")))),
      ),
    ),
  );
}
