// Buttons, menus, pickers and inputs. In a message they act at once; in a form they are kept until it is submitted.

import { h, menu, trap } from "./dom.js";
import { emoji } from "./emoji.js";
import { textObject } from "./text.js";
import { fromWall, toWall } from "./time.js";

const DRAW = {
  button,
  overflow,
  static_select: (e, use) => select(e, use, options(e), use.held?.selected_option?.value ?? e.initial_option?.value),
  users_select: (e, use) =>
    select(
      e,
      use,
      pairs(
        use.ctx.users.filter((u) => !u.is_bot),
        (u) => [u.id, u.name],
      ),
      use.held?.selected_user ?? e.initial_user,
    ),
  channels_select: (e, use) => select(e, use, channels(use.ctx), use.held?.selected_channel ?? e.initial_channel),
  conversations_select: (e, use) =>
    select(e, use, channels(use.ctx), use.held?.selected_conversation ?? e.initial_conversation),
  multi_static_select: (e, use) => boxes(e, use, "checkbox"),
  checkboxes: (e, use) => boxes(e, use, "checkbox"),
  radio_buttons: (e, use) => boxes(e, use, "radio"),
  datepicker: (e, use) => typed(e, use, "date", use.held?.selected_date ?? e.initial_date),
  timepicker: (e, use) => typed(e, use, "time", use.held?.selected_time ?? e.initial_time),
  datetimepicker,
  plain_text_input: (e, use) =>
    e.multiline ? area(e, use) : typed(e, use, "text", use.held?.value ?? e.initial_value),
  number_input: (e, use) => typed(e, use, "number", use.held?.value ?? e.initial_value),
  email_text_input: (e, use) => typed(e, use, "email", use.held?.value ?? e.initial_value),
  url_text_input: (e, use) => typed(e, use, "url", use.held?.value ?? e.initial_value),
};

export function element(e, block, host) {
  const draw = DRAW[e.type];
  if (!draw) return h("span", { class: "b-unknown" }, `A ${e.type}, which this page cannot draw.`);
  return draw(e, use(e, block, host));
}

// What an element may do: read its value, keep a new one, and act where acting is due.
function use(e, block, host) {
  const isQuiet = host.isInput && !block.dispatch_action;
  return {
    ctx: host.ctx,
    id: host.inputId,
    held: host.state?.[block.block_id]?.[e.action_id],
    keep: (raw) => host.keep?.(block.block_id, e.action_id, raw),
    act: async (node, raw) => {
      host.keep?.(block.block_id, e.action_id, raw);
      if (isQuiet) return;
      if (e.confirm && !(await confirmed(e.confirm, host.ctx))) return;
      node.classList.add("busy");
      try {
        await host.act(e, block, raw, node);
      } finally {
        node.classList.remove("busy");
      }
    },
  };
}

function button(e, use) {
  const kind = e.style ? `btn ${e.style}` : "btn";
  const label = emoji(e.text.text);
  const node = h(
    "button",
    {
      type: "button",
      class: kind,
      "data-action": e.action_id,
      "aria-label": e.accessibility_label,
      onclick: () => {
        if (e.url && /^https?:/.test(e.url)) open(e.url, "_blank", "noreferrer");
        use.act(node, e.value ?? null);
      },
    },
    label,
  );
  return node;
}

function overflow(e, use) {
  const node = h(
    "button",
    {
      type: "button",
      class: "btn more",
      "aria-label": "More actions",
      "aria-haspopup": "menu",
      "data-action": e.action_id,
      onclick: () =>
        menu(
          node,
          e.options.map((o) => ({ label: emoji(o.text.text), run: () => use.act(node, o.value) })),
          "More actions",
        ),
    },
    "⋯",
  );
  return node;
}

const pairs = (items, both) =>
  items.map((item) => {
    const [value, label] = both(item);
    return h("option", { value }, label);
  });
const channels = (ctx) => pairs(Object.entries(ctx.channels), ([id, name]) => [id, `#${name}`]);

function options(e) {
  const each = (list) => list.map((o) => h("option", { value: o.value }, emoji(o.text.text)));
  if (!e.option_groups) return each(e.options);
  return e.option_groups.map((g) => h("optgroup", { label: g.label.text }, each(g.options)));
}

function select(e, use, shown, value) {
  const node = h(
    "select",
    {
      id: use.id,
      class: "field",
      "data-action": e.action_id,
      "aria-label": e.placeholder?.text || "Choose",
      onchange: () => use.act(node, node.value || null),
    },
    h("option", { value: "" }, e.placeholder?.text || "Choose an option"),
    shown,
  );
  node.value = value ?? "";
  return node;
}

function boxes(e, use, kind) {
  const held = use.held
    ? (use.held.selected_options ?? [use.held.selected_option])
    : (e.initial_options ?? [e.initial_option]);
  const chosen = new Set(held.filter(Boolean).map((o) => o.value));
  const name = `${kind}-${Math.random()}`;
  const list = e.options ?? e.option_groups.flatMap((g) => g.options);
  const node = h(
    "div",
    { class: "boxes", role: kind === "radio" ? "radiogroup" : "group", "data-action": e.action_id },
    list.map((o, at) =>
      h(
        "label",
        {},
        h("input", {
          type: kind,
          name,
          value: o.value,
          checked: chosen.has(o.value),
          id: at === 0 ? use.id : null,
          onchange: changed,
        }),
        h("span", {}, textObject(o.text, use.ctx), o.description && h("small", {}, textObject(o.description, use.ctx))),
      ),
    ),
  );
  function changed() {
    const picked = [...node.querySelectorAll("input:checked")].map((input) => input.value);
    use.act(node, kind === "radio" ? (picked[0] ?? null) : picked);
  }
  return node;
}

function typed(e, use, type, value) {
  const node = h("input", {
    type,
    id: use.id,
    class: "field",
    placeholder: e.placeholder?.text,
    "data-action": e.action_id,
    "aria-label": use.id ? null : e.placeholder?.text || type,
    maxlength: e.max_length ? String(e.max_length) : null,
    step: type === "number" ? (e.is_decimal_allowed ? "any" : "1") : null,
    oninput: () => use.keep(node.value || null),
    onchange: () => use.act(node, node.value || null),
  });
  node.value = value ?? "";
  node.autofocus = Boolean(e.focus_on_load);
  return node;
}

function area(e, use) {
  const node = h("textarea", {
    id: use.id,
    class: "field",
    rows: "4",
    placeholder: e.placeholder?.text,
    "data-action": e.action_id,
    maxlength: e.max_length ? String(e.max_length) : null,
    oninput: () => use.keep(node.value || null),
  });
  node.value = use.held?.value ?? e.initial_value ?? "";
  return node;
}

function datetimepicker(e, use) {
  const at = use.held?.selected_date_time ?? e.initial_date_time;
  const node = h("input", {
    type: "datetime-local",
    id: use.id,
    class: "field",
    "data-action": e.action_id,
    title: use.ctx.tz,
    onchange: () => use.act(node, node.value ? fromWall(node.value, use.ctx.tz) : null),
  });
  node.value = at ? toWall(at, use.ctx.tz) : "";
  return node;
}

export function confirmed(confirm, ctx) {
  return new Promise((resolve) => {
    const before = document.activeElement;
    const done = (answer) => {
      box.remove();
      before?.focus();
      resolve(answer);
    };
    const box = h(
      "div",
      { class: "veil" },
      h(
        "div",
        { class: "modal small", role: "alertdialog", "aria-modal": "true", "aria-labelledby": "confirm-title" },
        h("header", {}, h("h2", { id: "confirm-title" }, confirm.title.text)),
        h("div", { class: "modal-body" }, textObject(confirm.text, ctx)),
        h(
          "footer",
          {},
          h("button", { type: "button", class: "btn", onclick: () => done(false) }, confirm.deny?.text || "Cancel"),
          h(
            "button",
            { type: "button", class: `btn ${confirm.style || "primary"}`, onclick: () => done(true) },
            confirm.confirm?.text || "OK",
          ),
        ),
      ),
    );
    trap(box, () => done(false));
    document.getElementById("overlay").append(box);
    box.querySelector("footer .btn:last-child").focus();
  });
}
