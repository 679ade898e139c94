// What every person at this Slack sees, kept side by side so that switching people is instant and badges are true.

import { act, get, listen } from "./api.js";

const PLAYED = ["requester", "approver", "approver-2", "on-call"];

export const store = { people: new Map(), me: null, channel: null, tab: "messages", clock: null, isLost: false };
const watchers = new Set();

export const watch = (fn) => watchers.add(fn);
const tell = (change) => {
  for (const fn of watchers) fn(change);
};

export const mine = () => store.people.get(store.me);
export const channelOf = (id, user = store.me) => store.people.get(user)?.channels.get(id);

export async function start() {
  try {
    const states = await Promise.all(PLAYED.map((name) => get(`/sandbox/api/state?user=${name}`)));
    store.isLost = false;
    for (const state of states) store.people.set(state.me, person(state, store.people.get(state.me)));
    store.me ??= states[0].me;
    store.channel ??= states[0].channels[0].id;
    tell({ kind: "all" });
    listen(`/sandbox/api/stream?after=${Math.min(...states.map((s) => s.seq))}`, change, again);
  } catch {
    again();
  }
}

function again() {
  if (!store.isLost) {
    store.isLost = true;
    tell({ kind: "lost" });
  }
  setTimeout(start, 1000);
}

function person(state, before) {
  const channels = new Map(
    state.channels.map((c) => [c.id, { ...c, messages: new Map(c.messages.map((m) => [m.ts, m])) }]),
  );
  return { ...state, channels, unread: before?.unread ?? new Map(), trouble: new Map() };
}

function change(event) {
  if (event.kind === "message") message(event);
  else if (event.kind === "deleted") deleted(event);
  else if (event.kind === "views") views(event.user);
  else if (event.kind === "channel") renew();
  else if (event.kind === "trouble") tell(event);
}

function message(event) {
  const said = event.message;
  for (const [id, who] of store.people) {
    const channel = who.channels.get(event.channel);
    if (!channel || (said.visible_to && said.visible_to !== id)) continue;
    const known = channel.messages.get(said.ts);
    channel.messages.set(said.ts, { ...said, state: known?.state });
    if (!known && said.user !== id && !isOpen(id, event.channel)) {
      who.unread.set(event.channel, (who.unread.get(event.channel) || 0) + 1);
    }
  }
  tell({ ...event, kind: "message" });
}

function deleted(event) {
  for (const who of store.people.values()) who.channels.get(event.channel)?.messages.delete(event.ts);
  tell(event);
}

async function views(user) {
  const who = store.people.get(user);
  if (!who) return;
  const now = await get(`/sandbox/api/views?user=${user}`);
  who.views = now.modals;
  who.home = now.home;
  tell({ kind: "views", user });
}

async function renew() {
  const states = await Promise.all([...store.people.keys()].map((id) => get(`/sandbox/api/state?user=${id}`)));
  for (const state of states) store.people.set(state.me, person(state, store.people.get(state.me)));
  tell({ kind: "all" });
}

const isOpen = (user, channel) => user === store.me && channel === store.channel && store.tab === "messages";

export function become(user) {
  const dm = mine().dm;
  const wasInDm = store.channel === dm;
  store.me = user;
  if (wasInDm) store.channel = mine().dm;
  if (!mine().channels.has(store.channel)) store.channel = [...mine().channels.keys()][0];
  mine().unread.delete(store.channel);
  if (store.tab === "home") act("home", { user });
  tell({ kind: "all" });
}

export function open(channel, tab = "messages") {
  store.channel = channel;
  store.tab = tab;
  if (tab === "messages") mine().unread.delete(channel);
  if (channel === mine().dm) act("home", { user: store.me, tab });
  tell({ kind: "all" });
}

// What text needs to know to be drawn for the person who reads it.
export function reader() {
  const who = mine();
  const user = who.users.find((u) => u.id === store.me);
  return {
    me: store.me,
    tz: user.tz,
    hour12: user.tz.startsWith("America/"),
    now: siteNow(),
    user: (id) => who.users.find((u) => u.id === id)?.name ?? id,
    channel: (id) => who.channel_names[id] ?? "private-channel",
    group: (id) => who.usergroups[id]?.handle ?? id,
    users: who.users,
    channels: who.channel_names,
  };
}

export function siteNow() {
  if (!store.clock) return Date.now();
  return store.clock.now + (performance.now() - store.clock.at) * store.clock.speed;
}
