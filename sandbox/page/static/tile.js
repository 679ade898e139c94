// One node: where it is, what it does, and a card with everything about it when it is clicked.

import { act } from "./api.js";
import { fill, h, place } from "./dom.js";
import { nodeFaults } from "./faults.js";
import { reader } from "./store.js";
import { clock } from "./time.js";

const OURS = /lendbot|loan/i;

// A node is in Kubernetes once it is registered there; between the worlds while something is done to it.
export function worldOf(node) {
  if (node.kube && !node.doing) return "kube";
  const isTaken = /DOWN|DRAIN/.test(node.slurm.state) && OURS.test(node.slurm.reason || "");
  return node.kube || node.doing || isTaken ? "between" : "slurm";
}

export function stateOf(node) {
  if (node.kube) return node.kube.status !== "Ready" ? "bad" : node.kube.schedulable ? "ready" : "cordoned";
  const state = node.slurm.state;
  if (/DOWN|FAIL|NOT_RESPONDING|INVAL/.test(state)) return OURS.test(node.slurm.reason || "") ? "drained" : "bad";
  if (/DRAIN/.test(state)) return "drained";
  return /ALLOC|MIX|COMPLET/.test(state) ? "busy" : "idle";
}

export function makeTile(name, room) {
  const led = h("i", { class: "led" });
  const what = h("span", { class: "what" });
  const things = h("span", { class: "things" });
  const bar = h("i", { class: "progress" });
  const node = h(
    "button",
    { type: "button", class: "tile", "data-name": name, onclick: () => card(name, node, room) },
    h("b", {}, name),
    what,
    things,
    led,
    bar,
  );
  return { node, led, what, things, bar, world: null, stamp: "" };
}

export function dress(tile, node, jobs, faults) {
  const stamp = JSON.stringify([node, faults]);
  if (tile.stamp === stamp) return;
  tile.stamp = stamp;
  const state = stateOf(node);
  tile.node.className = `tile ${state} power-${node.power}${faults.length ? " cracked" : ""}${node.doing ? " doing" : ""}`;
  tile.led.className = `led ${node.power}`;
  tile.what.textContent = node.doing?.what ?? word(node, state);
  tile.bar.style.transform = `scaleX(${node.doing ? Math.max(0.03, node.doing.progress) : 0})`;
  const kube = node.kube && `Kubernetes ${node.kube.status}`;
  const parts = [`Slurm ${node.slurm.state}`, kube, `power ${node.power}`, node.doing?.what];
  const said = `${node.name}: ${parts.filter(Boolean).join(", ")}`;
  tile.node.setAttribute("aria-label", said);
  tile.node.title = said;
  drawJobs(tile.things, node.slurm.jobs.slice(0, 6), jobs);
  drawPods(tile.things, Math.min(12, node.kube?.pods || 0));
}

function word(node, state) {
  if (node.kube)
    return state === "cordoned" ? "cordoned" : node.kube.status === "Ready" ? `${node.kube.pods} pods` : "not ready";
  if (node.power !== "on") return node.power;
  return { idle: "idle", busy: "busy", drained: /DOWN/.test(node.slurm.state) ? "taken" : "drained", bad: "down" }[
    state
  ];
}

function drawJobs(things, ids, jobs) {
  const key = ids.join();
  if (things.dataset.jobs === key) return;
  things.dataset.jobs = key;
  for (const old of things.querySelectorAll(".job")) old.remove();
  things.prepend(
    ...ids.map((id) =>
      h("i", { class: "job", title: `job ${id} ${jobs.get(id)?.name ?? ""}`, style: `--hue:${(id * 47) % 360}` }),
    ),
  );
}

// One at a time, so that only the pod that came pops up.
function drawPods(things, count) {
  const pods = things.getElementsByClassName("pod");
  while (pods.length > count) pods[pods.length - 1].remove();
  while (pods.length < count) things.append(h("i", { class: "pod" }));
}

function card(name, anchor, room) {
  const was = document.querySelector(".card-pop");
  was?.remove();
  if (was?.dataset.name === name) return;
  const box = h("div", { class: "card-pop", role: "dialog", "aria-label": name, "data-name": name });
  const update = () => {
    const found = room()?.nodes.find((each) => each.name === name);
    const stamp = JSON.stringify([found, room()?.faults]);
    if (!found || box.stamp === stamp) return;
    box.stamp = stamp;
    const at = box.contains(document.activeElement)
      ? [...box.querySelectorAll("button")].indexOf(document.activeElement)
      : -1;
    fill(
      box,
      details(found, room(), () => shut(true)),
    );
    if (at >= 0) box.querySelectorAll("button")[at]?.focus();
  };
  const shut = (refocus) => {
    clearInterval(timer);
    box.remove();
    document.removeEventListener("pointerdown", away, true);
    if (refocus) anchor.focus();
  };
  const away = (event) => {
    if (!box.contains(event.target) && !anchor.contains(event.target)) shut(false);
  };
  const timer = setInterval(update, 250);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") shut(true);
  });
  document.addEventListener("pointerdown", away, true);
  document.body.append(box);
  update();
  place(box, anchor);
  box.querySelector("button")?.focus();
}

function details(node, room, shut) {
  const line = (name, ...value) => h("div", { class: "line" }, h("dt", {}, name), h("dd", {}, value));
  const jobs = node.slurm.jobs.map((id) => room.jobs.find((job) => job.id === id) || { id, name: "", user: "" });
  const kube = node.kube && kubeLine(node.kube);
  return [
    h(
      "header",
      {},
      h("b", {}, node.name),
      h("span", {}, node.class),
      h("button", { type: "button", class: "shut", "aria-label": "Close", onclick: shut }, "✕"),
    ),
    h(
      "dl",
      {},
      line("Slurm", h("code", {}, node.slurm.state), node.slurm.reason && h("small", {}, node.slurm.reason)),
      line(
        "Jobs",
        jobs.length ? jobs.map((job) => h("div", {}, `${job.id} ${job.name} · ${job.user}${ends(job)}`)) : "none",
      ),
      line("Kubernetes", kube || "not a node there"),
      line("Power", node.power),
      line("Doing", node.doing ? `${node.doing.what}, ${Math.round(node.doing.progress * 100)} %` : "nothing"),
    ),
    node.kube && putPod(node.name),
    nodeFaults(node.name, room.faults),
  ];
}

// The work that keeps a node from going home: its budget allows no eviction.
function putPod(node) {
  const put = (event) => {
    event.currentTarget.disabled = true;
    act("pods", { node, kind: "blocked" });
  };
  return h(
    "div",
    { class: "put-pod" },
    h("button", { type: "button", class: "btn", onclick: put }, "Add a pod that may not be evicted"),
  );
}

const ends = (job) => (job.ends ? ` · until ${clock(Date.parse(job.ends), reader())}` : "");

function kubeLine(kube) {
  const parts = [kube.schedulable ? kube.status : `${kube.status}, cordoned`, `${kube.pods} pods`];
  return [...parts, kube.loan && `loan #${kube.loan}`].filter(Boolean).join(" · ");
}
