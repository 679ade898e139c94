// Breaking things on purpose: at one node, or a whole side of the site; and the list of what is broken.

import { get, send } from "./api.js";
import { $, fill, h, place, trap } from "./dom.js";

let known = { sides: {}, node_sides: [], says: {}, says_of: {} };
let drawn = "";

get("/sandbox/faults").then(
  (found) => {
    known = found;
  },
  () => {},
);

const sideSaid = (side) => known.says[side] || side;
const modeSaid = (side, mode) => known.says_of[side]?.[mode] || mode;

export const faultsOf = (faults, node) => faults.filter((fault) => fault.node === node);

const set = (fault) => send("POST", "/sandbox/faults", fault);
const clear = (fault) =>
  send("DELETE", `/sandbox/faults?side=${fault.side}${fault.node ? `&node=${encodeURIComponent(fault.node)}` : ""}`);

export function drawFaults(faults) {
  const stamp = JSON.stringify(faults);
  if (stamp === drawn) return;
  drawn = stamp;
  fill(
    $("faults"),
    faults.map(chip),
    faults.length > 1 &&
      h("button", { type: "button", class: "mend-all", onclick: () => send("DELETE", "/sandbox/faults") }, "Mend all"),
  );
}

function chip(fault) {
  const where = fault.node ? ` at ${fault.node}` : "";
  const times = fault.times ? ` ×${fault.times}` : "";
  return h(
    "span",
    { class: "fault" },
    h("b", {}, sideSaid(fault.side)),
    `: ${modeSaid(fault.side, fault.mode)}${where}${times}`,
    h("button", { type: "button", "aria-label": `Mend ${sideSaid(fault.side)}${where}`, onclick: () => clear(fault) }, "✕"),
  );
}

export function siteFaultsButton() {
  const node = h(
    "button",
    { type: "button", class: "btn break", "aria-haspopup": "dialog", onclick: () => popup(node) },
    "Break something…",
  );
  return node;
}

function popup(anchor) {
  document.querySelector(".card-pop")?.remove();
  const box = h("div", { class: "card-pop wide", role: "dialog", "aria-label": "Break something" });
  const away = (event) => {
    if (!box.contains(event.target) && event.target !== anchor) shut();
  };
  const shut = () => {
    box.remove();
    document.removeEventListener("pointerdown", away, true);
  };
  box.append(
    h(
      "header",
      {},
      h("b", {}, "Break a whole side"),
      h("button", { type: "button", class: "shut", "aria-label": "Close", onclick: shut }, "✕"),
    ),
    h("p", { class: "small" }, "It stays broken until you mend it, or once only. For one node alone, click its tile."),
    ...Object.keys(known.sides).map((side) => sideRow(side, null)),
  );
  trap(box, () => {
    shut();
    anchor.focus();
  });
  document.addEventListener("pointerdown", away, true);
  document.body.append(box);
  place(box, anchor);
  box.querySelector(".mode").focus();
}

export function nodeFaults(node, faults) {
  const mine = faultsOf(faults, node);
  return h(
    "div",
    { class: "break-node" },
    h("h3", {}, "Break it"),
    mine.length > 0 && h("div", { class: "faults" }, mine.map(chip)),
    known.node_sides.map((side) => sideRow(side, node)),
  );
}

function sideRow(side, node) {
  return h(
    "div",
    { class: "side-row" },
    h("span", {}, sideSaid(side)),
    h(
      "span",
      { class: "modes" },
      known.sides[side].map((mode) =>
        h(
          "span",
          { class: "pair" },
          h(
            "button",
            { type: "button", class: "mode", title: "until mended", onclick: () => set({ side, mode, node }) },
            modeSaid(side, mode),
          ),
          h(
            "button",
            {
              type: "button",
              class: "mode once",
              title: "once only",
              "aria-label": `${sideSaid(side)}: ${modeSaid(side, mode)}, once`,
              onclick: () => set({ side, mode, node, times: 1 }),
            },
            "1×",
          ),
        ),
      ),
    ),
  );
}
