// The log of a channel: messages, threads opened in place, ephemerals; each redrawn alone when it changes.

import { act } from "./api.js";
import { blocks } from "./blocks.js";
import { $, h } from "./dom.js";
import { channelOf, mine, reader, store } from "./store.js";
import { mrkdwn } from "./text.js";
import { clock, dayKey, dayName, exact } from "./time.js";

const TOGETHER_MS = 5 * 60e3;
const openThreads = new Set();
let wasFor = "";

export function drawLog(force = false) {
  const log = $("log");
  const key = `${store.me} ${store.channel}`;
  const isNear = log.scrollHeight - log.scrollTop - log.clientHeight < 120;
  const ctx = reader();
  const messages = [...(channelOf(store.channel)?.messages.values() || [])].sort((a, b) => a.ts - b.ts);
  const top = messages.filter((m) => !m.thread_ts || m.thread_ts === m.ts || isBroadcast(m));
  const rows = [welcome(ctx)];
  let before = null;
  for (const message of top) {
    if (!before || dayKey(before.ts * 1000, ctx.tz) !== dayKey(message.ts * 1000, ctx.tz)) {
      rows.push(h("div", { class: "day", role: "separator" }, h("span", {}, dayName(message.ts * 1000, ctx))));
      before = null;
    }
    const replies = messages.filter((m) => m.thread_ts === message.ts && m.ts !== message.ts);
    rows.push(row(message, before, replies, ctx, log));
    before = message;
  }
  const typing =
    document.activeElement?.closest?.(".reply") && document.activeElement.closest("[data-ts].msg")?.dataset.ts;
  reconcile(log, rows);
  if (typing && !document.activeElement?.closest(".reply"))
    log.querySelector(`[data-ts="${typing}"] .reply input`)?.focus();
  if (key !== wasFor || isNear || force) log.scrollTop = log.scrollHeight;
  wasFor = key;
}

const isBroadcast = (message) => message.subtype === "thread_broadcast";

// Touch only what changed, so that a focused field or an opened menu stays as it is.
function reconcile(parent, rows) {
  const wanted = new Set(rows);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  rows.forEach((each, at) => {
    if (parent.children[at] !== each) parent.insertBefore(each, parent.children[at] || null);
  });
}

function row(message, before, replies, ctx, log) {
  const version = JSON.stringify([
    message.edited,
    message.text,
    message.blocks,
    message.reactions,
    message.state,
    trouble(message)?.at,
  ]);
  const thread = replies.map((r) => r.ts + (r.edited?.ts || "") + JSON.stringify(r.state || "")).join();
  const isDrafted = store.draft?.ts === message.ts;
  const flags = [openThreads.has(message.ts), follows(message, before), isDrafted];
  const stamp = [store.me, version, thread, ...flags].join("|");
  const old = log.querySelector(`:scope > [data-ts="${message.ts}"]`);
  if (old && old.stamp === stamp) return old;
  const fresh = one(message, follows(message, before), ctx);
  if (isBroadcast(message)) fresh.querySelector(".said").prepend(h("div", { class: "only-you" }, "replied to a thread"));
  if (replies.length || openThreads.has(message.ts))
    fresh.querySelector(".said").append(threadOf(message, replies, ctx));
  if (old?.classList.contains("msg") && old.version !== version && message.edited) fresh.classList.add("changed");
  return Object.assign(fresh, { stamp, version });
}

function follows(message, before) {
  return Boolean(
    before &&
    before.user === message.user &&
    !message.visible_to === !before.visible_to &&
    (message.ts - before.ts) * 1000 < TOGETHER_MS &&
    !message.blocks === !before.blocks,
  );
}

function one(message, isFollowing, ctx) {
  const at = message.ts * 1000;
  const name = ctx.user(message.user);
  const head =
    !isFollowing &&
    h(
      "div",
      { class: "who" },
      h("b", {}, name),
      message.bot_id && h("span", { class: "app" }, "APP"),
      h("time", { title: exact(at, ctx) }, clock(at, ctx)),
    );
  return h(
    "article",
    { class: `msg${isFollowing ? " follows" : ""}${message.visible_to ? " ephemeral" : ""}`, "data-ts": message.ts },
    isFollowing ? h("time", { class: "gutter", title: exact(at, ctx) }, clock(at, ctx)) : avatar(message.user, name),
    h(
      "div",
      { class: "said" },
      message.visible_to && h("div", { class: "only-you" }, "Only visible to you"),
      head,
      h("div", { class: "body" }, body(message, ctx)),
      message.edited && !message.bot_id && h("span", { class: "edited" }, "(edited)"),
      reactions(message),
      warning(message),
    ),
    !message.visible_to &&
      h(
        "div",
        { class: "tools" },
        h(
          "button",
          {
            type: "button",
            onclick: () => toggle(message.ts, true),
            "aria-label": "Reply in thread",
            title: "Reply in thread",
          },
          "↩",
        ),
      ),
  );
}

function body(message, ctx) {
  if (!message.blocks?.length || !message.bot_id) return mrkdwn(message.text, ctx);
  const host = {
    ctx,
    state: message.state,
    act: (e, block, raw, node) => click(message, e, block, raw, node),
    keep: keep(message),
  };
  return blocks(message.blocks, host);
}

// What a person picked stays in their own client, as in Slack, until the message is edited away.
const keep = (message) => (blockId, actionId, raw) => {
  const block = message.blocks.find((b) => b.block_id === blockId);
  const e = [block.accessory, block.element, ...(block.elements || [])].find((each) => each?.action_id === actionId);
  if (e.type !== "static_select" && e.type !== "radio_buttons") return;
  message.state = {
    ...message.state,
    [blockId]: {
      ...message.state?.[blockId],
      [actionId]: { selected_option: e.options?.find((o) => o.value === raw) },
    },
  };
};

async function click(message, e, block, raw, node) {
  node.disabled = true;
  try {
    const place = { user: store.me, channel: store.channel, ts: message.ts };
    await act("click", { ...place, block_id: block.block_id, action_id: e.action_id, value: raw });
  } finally {
    node.disabled = false;
  }
}

const trouble = (message) => mine().trouble.get(message.ts);

function warning(message) {
  const found = trouble(message);
  return (
    found &&
    h(
      "div",
      { class: "trouble", role: "alert" },
      "⚠️ ",
      found.why === "dispatch_failed" ? "The app is not connected." : "The app did not answer in time.",
    )
  );
}

function reactions(message) {
  if (!message.reactions?.length) return null;
  return h(
    "div",
    { class: "reactions" },
    message.reactions.map((r) => h("span", {}, mrkdwn(`:${r.name}:`, reader()), String(r.count))),
  );
}

export function avatar(user, name) {
  if (user === mine().bot) return h("img", { class: "avatar", src: "/page/bot.svg", alt: "" });
  return h(
    "span",
    { class: `avatar a-${name}`, "aria-hidden": "true" },
    name === "slackbot"
      ? "✱"
      : name
          .split("-")
          .map((w) => w[0])
          .join("")
          .slice(0, 2)
          .toUpperCase(),
  );
}

function toggle(ts, focus = false) {
  if (openThreads.has(ts) && !focus) openThreads.delete(ts);
  else openThreads.add(ts);
  drawLog();
  if (focus) document.querySelector(`[data-ts="${ts}"] .reply input`)?.focus();
}

function threadOf(message, replies, ctx) {
  const isOpen = openThreads.has(message.ts);
  const last = replies[replies.length - 1];
  const label = replies.length ? `${replies.length} ${replies.length === 1 ? "reply" : "replies"}` : "Thread";
  return h(
    "div",
    { class: isOpen ? "thread open" : "thread" },
    h(
      "button",
      { type: "button", class: "thread-toggle", "aria-expanded": String(isOpen), onclick: () => toggle(message.ts) },
      h("b", {}, label),
      last && h("span", {}, isOpen ? "hide" : `last ${clock(last.ts * 1000, ctx)}`),
    ),
    isOpen &&
      h(
        "div",
        { class: "replies" },
        replies.map((m, i) => one(m, follows(m, replies[i - 1]), ctx)),
        replyBox(message),
      ),
  );
}

function replyBox(message) {
  const field = h("input", {
    type: "text",
    placeholder: "Reply…",
    "aria-label": "Reply in thread",
    autocomplete: "off",
  });
  field.value = store.draft?.ts === message.ts ? store.draft.text : "";
  field.addEventListener("input", () => {
    store.draft = { ts: message.ts, text: field.value };
  });
  return h(
    "form",
    {
      class: "reply",
      onsubmit: (event) => {
        event.preventDefault();
        const text = field.value.trim();
        field.value = "";
        store.draft = null;
        if (text) act("say", { user: store.me, channel: store.channel, text, thread_ts: message.ts });
      },
    },
    field,
  );
}

function welcome(ctx) {
  const channel = channelOf(store.channel);
  if (!channel) return h("div");
  if (channel.is_im)
    return h(
      "div",
      { class: "welcome" },
      h("p", {}, "Between lendbot and you alone. No command name is needed here: just ask."),
    );
  return h(
    "div",
    { class: "welcome" },
    h("p", {}, `This is where #${channel.name} begins. Each person sees times in their own zone: yours is ${ctx.tz}.`),
  );
}

export function noteTrouble(event) {
  const who = store.people.get(event.user);
  if (!who || !event.ts) return;
  who.trouble.set(event.ts, { why: event.why, at: Date.now() });
  setTimeout(() => {
    who.trouble.delete(event.ts);
    drawLog();
  }, 8000);
  drawLog();
}
