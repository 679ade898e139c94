// The left edge: who you are, the channels you are in, the app; and the head of the open channel.

import { $, fill, h } from "./dom.js";
import { avatar } from "./messages.js";
import { become, channelOf, mine, open, store } from "./store.js";

const ROLE = { requester: "asks", approver: "decides", "approver-2": "decides", "on-call": "is woken" };

export function drawSide() {
  const who = mine();
  const channels = [...who.channels.values()];
  fill(
    $("side"),
    h(
      "div",
      { class: "brand" },
      h("img", { src: "/page/bot.svg", alt: "" }),
      h("div", {}, h("b", {}, "hpc-site"), h("small", {}, "lendbot sandbox")),
    ),
    h("h2", { id: "be" }, "You are"),
    h("div", { class: "be", role: "radiogroup", "aria-labelledby": "be" }, [...store.people.keys()].map(personButton)),
    h("h2", {}, "Channels"),
    h(
      "ul",
      {},
      channels.filter((c) => !c.is_im).map((c) => entry(c.id, c.is_private ? "🔒" : "#", c.name, "messages")),
    ),
    h("h2", {}, "App"),
    h(
      "ul",
      {},
      entry(who.dm, h("img", { src: "/page/bot.svg", alt: "" }), "lendbot", store.tab === "home" ? "home" : "messages"),
    ),
    h("p", { class: "hint" }, "Everything here talks to lendbot over Slack's own protocol."),
  );
}

function personButton(id) {
  const who = store.people.get(id);
  const name = who.users.find((u) => u.id === id).name;
  const unread = [...who.unread.values()].reduce((sum, n) => sum + n, 0) + who.views.length * (id === store.me ? 0 : 1);
  const isMe = id === store.me;
  return h(
    "button",
    {
      type: "button",
      role: "radio",
      "aria-checked": String(isMe),
      class: isMe ? "on" : "",
      "data-person": name,
      onclick: () => {
        if (!isMe) become(id);
      },
      "aria-label": unread && !isMe ? `${name}, ${unread} unread` : name,
    },
    avatar(id, name),
    h("span", {}, h("b", {}, name), h("small", {}, ROLE[name])),
    !isMe && unread > 0 && h("span", { class: "badge" }, String(unread)),
  );
}

function entry(id, sign, name, tab) {
  const unread = mine().unread.get(id) || 0;
  const isOpen = id === store.channel;
  return h(
    "li",
    {},
    h(
      "button",
      {
        type: "button",
        class: `${isOpen ? "on" : ""}${unread ? " unread" : ""}`,
        "data-channel": name,
        "aria-current": isOpen ? "page" : null,
        onclick: () => open(id, tab),
      },
      h("span", { class: "sign" }, sign),
      h("span", { class: "name" }, name),
      unread > 0 && h("span", { class: "badge" }, String(unread)),
    ),
  );
}

export function drawHead() {
  const channel = channelOf(store.channel);
  const tabs =
    channel.is_im &&
    h(
      "div",
      { class: "tabs", role: "tablist" },
      ["home", "messages"].map((tab) =>
        h(
          "button",
          {
            type: "button",
            role: "tab",
            "aria-selected": String(store.tab === tab),
            onclick: () => open(channel.id, tab),
          },
          tab === "home" ? "Home" : "Messages",
        ),
      ),
    );
  const title = channel.is_im ? "lendbot" : `${channel.is_private ? "🔒 " : "# "}${channel.name}`;
  fill(
    $("pane-head"),
    h("h1", {}, title),
    channel.is_im ? tabs : h("p", {}, channel.topic),
    store.isLost && h("span", { class: "lost", role: "status" }, "Reconnecting…"),
  );
}
