// The machine room: every node as a tile in the world it is in, moving when it moves. The site says; we draw.

import { listen } from "./api.js";
import { $, h } from "./dom.js";
import { drawFaults, faultsOf, siteFaultsButton } from "./faults.js";
import { mine, reader, store } from "./store.js";
import { dress, makeTile, worldOf } from "./tile.js";
import { wallClock } from "./time.js";

const WORLDS = [
  ["slurm", "Slurm", "runs batch jobs", "No node is left in Slurm."],
  ["between", "In between", "on the way", "Nodes stop here while they are drained, converted or rebooted."],
  ["kube", "Kubernetes", "runs pods", "No node is lent just now. Ask for some in #hpc-ops."],
];
const tiles = new Map();
let last = null;

export function startRoom() {
  $("room").replaceChildren(
    h(
      "header",
      { class: "room-head" },
      h("div", {}, h("h1", {}, "Machine room"), h("p", { id: "site-clock" }, "…")),
      h("span", { id: "speed", class: "speed", title: "How fast the site's clock runs" }),
      siteFaultsButton(),
    ),
    h("div", { id: "faults", class: "faults", "aria-live": "polite" }),
    h("div", { class: "worlds", id: "worlds" }, WORLDS.map(world)),
    legend(),
  );
  connect();
  setInterval(drawClock, 250);
}

function world([id, name, what, empty]) {
  return h(
    "section",
    { class: `world ${id}`, "data-world": id, "aria-label": name },
    h("header", {}, h("h2", {}, name), h("span", { class: "what" }, what), h("span", { class: "sum" })),
    h("div", { class: "groups" }),
    h("p", { class: "empty" }, empty),
    h("div", { class: "queue" }),
  );
}

function connect() {
  listen("/sandbox/room/stream", draw, () => setTimeout(connect, 1000));
}

function draw(snapshot) {
  last = snapshot;
  store.clock = { now: Date.parse(snapshot.now), at: performance.now(), speed: snapshot.speed };
  $("speed").textContent = `×${snapshot.speed}`;
  $("worlds").dataset.size = snapshot.nodes.length > 160 ? "tiny" : snapshot.nodes.length > 60 ? "small" : "full";
  const moving = snapshot.nodes.filter((node) => tiles.get(node.name)?.world !== worldOf(node));
  const before = moving.length ? places() : null;
  const jobs = new Map(snapshot.jobs.map((job) => [job.id, job]));
  for (const node of snapshot.nodes) settle(node, jobs, faultsOf(snapshot.faults, node.name));
  for (const name of [...tiles.keys()]) if (!snapshot.nodes.some((n) => n.name === name)) forget(name);
  if (before) glide(before, new Set(moving.map((node) => node.name)));
  sums(snapshot);
  drawFaults(snapshot.faults);
}

function settle(node, jobs, faults) {
  let tile = tiles.get(node.name);
  if (!tile) tiles.set(node.name, (tile = makeTile(node.name, () => last)));
  const where = worldOf(node);
  if (tile.world !== where) {
    tile.world = where;
    put(tile.node, group(where, node.class));
  }
  dress(tile, node, jobs, faults);
}

function forget(name) {
  tiles.get(name).node.remove();
  tiles.delete(name);
}

function group(where, name) {
  const groups = document.querySelector(`[data-world="${where}"] .groups`);
  let found = [...groups.children].find((each) => each.dataset.name === name);
  if (!found) {
    found = h("div", { class: "group", "data-name": name }, h("h3", {}, name), h("div", { class: "tiles" }));
    const later = [...groups.children].find((each) => each.dataset.name < name);
    groups.insertBefore(found, later || null);
  }
  return found.lastChild;
}

function put(node, into) {
  const later = [...into.children].find((each) => each.dataset.name > node.dataset.name);
  into.insertBefore(node, later || null);
}

const places = () => new Map([...tiles].map(([name, tile]) => [name, tile.node.getBoundingClientRect()]));

// First, last, invert, play: what moved between worlds flies, what made room slides.
function glide(before, moving) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const [name, tile] of tiles) {
    const [from, to] = [before.get(name), tile.node.getBoundingClientRect()];
    if (!from || !from.width) continue;
    const [dx, dy] = [from.left - to.left, from.top - to.top];
    if (!dx && !dy) continue;
    const flies = moving.has(name);
    const lift = flies ? [{ offset: 0.5, zIndex: 5, scale: "1.12" }] : [];
    tile.node.animate(
      [{ transform: `translate(${dx}px, ${dy}px)`, zIndex: flies ? 5 : 1 }, ...lift, { transform: "none" }],
      { duration: flies ? 900 : 420, easing: "cubic-bezier(.3,.75,.25,1)" },
    );
    if (flies)
      tile.node.animate([{ boxShadow: "0 0 0 4px var(--glow)" }, { boxShadow: "0 0 0 0 transparent" }], {
        duration: 1600,
      });
  }
}

function sums(snapshot) {
  const of = (id) => [...tiles.values()].filter((tile) => tile.world === id).length;
  const waiting = snapshot.jobs.filter((job) => job.state === "PENDING");
  const running = snapshot.jobs.length - waiting.length;
  const pods = Object.values(snapshot.pods).reduce((sum, n) => sum + n, 0);
  say(
    "slurm",
    `${count(of("slurm"), "node")} · ${count(running, "job")}${waiting.length ? ` · ${waiting.length} waiting` : ""}`,
  );
  say("between", of("between") ? count(of("between"), "node") : "");
  say("kube", `${count(of("kube"), "node")} · ${count(pods, "pod")}`);
  queue(
    "slurm",
    waiting.length
      ? [
          h("span", {}, "Waiting"),
          waiting.slice(0, 40).map((job) => h("i", { class: "job", title: `job ${job.id} ${job.name}, ${job.user}` })),
        ]
      : [],
  );
  queue(
    "kube",
    Object.entries(snapshot.pods).map(([name, n]) => h("span", { class: "ns" }, `${name} `, h("b", {}, String(n)))),
  );
  for (const [id] of WORLDS) document.querySelector(`[data-world="${id}"]`).classList.toggle("is-empty", of(id) === 0);
  for (const each of document.querySelectorAll(".group")) each.hidden = !each.lastChild.children.length;
}

const count = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;

function say(id, text) {
  const node = document.querySelector(`[data-world="${id}"] .sum`);
  if (node.textContent !== text) node.textContent = text;
}

function queue(id, parts) {
  const node = document.querySelector(`[data-world="${id}"] .queue`);
  const stamp = parts
    .flat()
    .map((part) => part.title || part.textContent)
    .join("|");
  if (node.stamp !== stamp) node.replaceChildren(...parts.flat());
  node.stamp = stamp;
}

function drawClock() {
  if (!store.clock || !mine()) return;
  const at = store.clock.now + (performance.now() - store.clock.at) * store.clock.speed;
  $("site-clock").textContent = wallClock(at, reader());
}

function legend() {
  const item = (mark, text) => h("li", {}, mark, text);
  return h(
    "ul",
    { class: "legend room-legend", "aria-label": "Legend" },
    item(h("i", { class: "state idle" }), "idle"),
    item(h("i", { class: "state busy" }), "busy"),
    item(h("i", { class: "state drained" }), "drained"),
    item(h("i", { class: "state ready" }), "ready in k8s"),
    item(h("i", { class: "state bad" }), "not well"),
    item(h("i", { class: "job" }), "job"),
    item(h("i", { class: "pods" }), "pods"),
    item(h("i", { class: "led on" }), "power"),
    item(h("i", { class: "crack" }), "broken by you"),
  );
}
