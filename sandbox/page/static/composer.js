// Where a person types: plain words, mentions, slash commands; with completion and the last lines on ArrowUp.

import { act } from "./api.js";
import { $, h, menu } from "./dom.js";
import { channelOf, mine, store } from "./store.js";

const IDEAS = {
  "hpc-ops": ["/nodes lend 8 gpu nodes to k8s for 3 hours for FastML workshop", "/nodes free", "/nodes help"],
  im: ["lend 2 gpu nodes for 3 hours", "status", "help"],
};
const lines = [];
let at = 0;
let field;

export function drawComposer() {
  const channel = channelOf(store.channel);
  const form = $("composer");
  form.hidden = channel.is_im && store.tab === "home";
  if (!field) build(form);
  const where = channel.is_im ? "lendbot" : `#${channel.name}`;
  field.placeholder = `Message ${where} as ${me()}`;
  field.setAttribute("aria-label", field.placeholder);
  const ideas = channel.is_im ? IDEAS.im : IDEAS[channel.name] || [];
  form
    .querySelector(".ideas")
    .replaceChildren(
      ...ideas.map((idea) =>
        h("button", { type: "button", onclick: () => put(idea) }, idea.length > 40 ? `${idea.slice(0, 38)}…` : idea),
      ),
    );
}

const me = () => mine().users.find((u) => u.id === store.me).name;

function build(form) {
  field = h("textarea", {
    rows: "1",
    spellcheck: "false",
    oninput: () => {
      grow();
      suggest();
    },
    onkeydown: key,
    onblur: () => setTimeout(() => list().replaceChildren(), 150),
  });
  form.append(
    h("div", { class: "complete", role: "listbox", "aria-label": "Suggestions" }),
    h("div", { class: "ideas", "aria-label": "Ideas" }),
    h(
      "div",
      { class: "box" },
      field,
      h(
        "button",
        { type: "button", class: "bolt", "aria-label": "Shortcuts", title: "Shortcuts", onclick: shortcuts },
        "⚡",
      ),
      h("button", { type: "submit", class: "send", "aria-label": "Send" }, "➤"),
    ),
    h("p", { class: "said-no", role: "alert" }),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
}

const list = () => $("composer").querySelector(".complete");

function shortcuts(event) {
  const items = Object.entries(mine().shortcuts).map(([callback_id, label]) => ({
    label,
    run: () => act("shortcut", { user: store.me, callback_id }),
  }));
  menu(event.currentTarget, items, "Shortcuts");
}

function put(text) {
  field.value = text;
  field.focus();
  grow();
}

function grow() {
  field.style.height = "auto";
  field.style.height = `${Math.min(160, field.scrollHeight)}px`;
}

function key(event) {
  const found = [...list().children];
  const on = found.findIndex((n) => n.classList.contains("on"));
  if (found.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    const next = (on + (event.key === "ArrowDown" ? 1 : -1) + found.length) % found.length;
    found.forEach((n, i) => n.classList.toggle("on", i === next));
  } else if (found.length && (event.key === "Tab" || (event.key === "Enter" && on >= 0))) {
    event.preventDefault();
    found[Math.max(on, 0)].click();
  } else if (event.key === "Escape") {
    list().replaceChildren();
  } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    submit();
  } else if (event.key === "ArrowUp" && lines.length && (!field.value || field.value === lines[at])) {
    event.preventDefault();
    at = field.value ? Math.max(0, at - 1) : lines.length - 1;
    put(lines[at]);
  }
}

function suggest() {
  const typed = field.value.slice(0, field.selectionStart);
  const [, word] = /(?:^|\s)([@#/][\w-]*)$/.exec(typed) || [];
  const offered = word
    ? choices(typed)
        .filter((c) => c.startsWith(word) && c !== word)
        .slice(0, 6)
    : [];
  list().replaceChildren(
    ...offered.map((choice) =>
      h(
        "button",
        {
          type: "button",
          role: "option",
          tabindex: "-1",
          onclick: () => {
            field.value = `${typed.slice(0, typed.length - word.length)}${choice} ${field.value.slice(field.selectionStart)}`;
            list().replaceChildren();
            field.focus();
          },
        },
        choice,
      ),
    ),
  );
}

function choices(typed) {
  const who = mine();
  const commands = typed.startsWith("/") ? ["/nodes", "/invite"] : [];
  return [
    ...commands,
    ...who.users.filter((u) => u.id !== "USLACKBOT").map((u) => `@${u.name}`),
    ...Object.values(who.channel_names).map((n) => `#${n}`),
  ];
}

async function submit() {
  const text = field.value.trim();
  if (!text) return;
  lines.push(text);
  at = lines.length - 1;
  field.value = "";
  list().replaceChildren();
  grow();
  const place = { user: store.me, channel: store.channel };
  const no = $("composer").querySelector(".said-no");
  no.textContent = "";
  try {
    const [, command, rest] = /^(\/\w+)\s*([\s\S]*)$/.exec(text) || [];
    if (command) await act("slash", { ...place, command, text: rest });
    else await act("say", { ...place, text });
  } catch (error) {
    no.textContent = error.message;
    if (!field.value) put(text);
  }
}

export const focusComposer = () => field?.focus({ preventScroll: true });
