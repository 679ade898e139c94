// Modals above the Slack half, and the app's home tab.

import { act } from "./api.js";
import { blocks } from "./blocks.js";
import { $, h, trap } from "./dom.js";
import { mine, reader, store } from "./store.js";

let drawn = "";
let filled = {};
let before = null;

export function drawModal() {
  const stack = mine().views;
  const view = stack[stack.length - 1];
  const stamp = view ? `${store.me}${view.id}${view.hash}${JSON.stringify(view.errors)}` : "";
  if (stamp === drawn) return;
  if (!drawn.startsWith(`${store.me}${view?.id}`)) filled = {};
  if (!drawn && view) before = document.activeElement;
  drawn = stamp;
  const veil = document.querySelector("#overlay > .veil.view");
  if (!view) {
    veil?.remove();
    before?.isConnected ? before.focus() : document.querySelector("#composer textarea")?.focus();
    return;
  }
  const shown = box(view, stack.length > 1);
  if (veil) veil.replaceChildren(shown);
  else $("overlay").append(h("div", { class: "veil view" }, shown));
  const first = document.querySelector(
    ".veil.view .wrong .field, .veil.view .modal-body .field, .veil.view .modal-body input, .veil.view footer .btn:last-child",
  );
  first?.focus();
}

function box(view, isPushed) {
  const body = h(
    "div",
    { class: "modal-body" },
    view.errors[""] && h("div", { class: "b-alert error", role: "alert" }, view.errors[""]),
    blocks(view.blocks, host(view)),
  );
  const send = view.submit && h("button", { type: "submit", class: "btn primary" }, view.submit.text);
  const shut = (all) => act("close", { user: store.me, view_id: view.id, all });
  const form = h(
    "form",
    {
      class: "modal",
      role: "dialog",
      "aria-modal": "true",
      "aria-labelledby": "modal-title",
      novalidate: true,
      onsubmit: (event) => {
        event.preventDefault();
        submit(view, send);
      },
    },
    h(
      "header",
      {},
      h("img", { src: "/page/bot.svg", alt: "" }),
      h("h2", { id: "modal-title" }, view.title.text),
      h("button", { type: "button", class: "shut", "aria-label": "Close", onclick: () => shut(true) }, "✕"),
    ),
    body,
    h(
      "footer",
      {},
      h(
        "button",
        { type: "button", class: "btn", onclick: () => shut(false) },
        view.close?.text || (isPushed ? "Back" : "Cancel"),
      ),
      send,
    ),
  );
  trap(form, () => shut(false));
  return form;
}

function host(view) {
  const typed = JSON.parse(JSON.stringify(view.state?.values || {}));
  return {
    ctx: reader(),
    state: typed,
    errors: view.errors,
    keep: (blockId, actionId, raw) => {
      (filled[blockId] ??= {})[actionId] = raw;
    },
    act: (e, block, raw) =>
      act("act", { user: store.me, view_id: view.id, action_id: e.action_id, value: raw, values: filled }),
  };
}

async function submit(view, send) {
  if (send) send.disabled = true;
  try {
    await act("submit", { user: store.me, view_id: view.id, values: filled });
  } finally {
    if (send) send.disabled = false;
  }
}

export function drawHome() {
  const home = mine().home;
  const log = $("log");
  if (!home) {
    log.replaceChildren(
      h(
        "div",
        { class: "welcome" },
        h("b", {}, "Home"),
        h("p", {}, "Nothing here yet: the app draws this tab when you open it."),
      ),
    );
    return;
  }
  const use = {
    ctx: reader(),
    state: home.state.values,
    keep: () => {},
    act: (e, block, raw) => act("act", { user: store.me, view_id: home.id, action_id: e.action_id, value: raw }),
  };
  log.replaceChildren(h("div", { class: "home" }, blocks(home.blocks, use)));
}
