// The data_visualization block as plain SVG: bars, lines, areas, a pie, and a legend that also says the numbers.

import { h, s } from "./dom.js";

const [W, H, LEFT, BOTTOM, TOP] = [480, 190, 40, 26, 10];
const hue = (at) => `var(--chart-${(at % 6) + 1})`;

export function chart(block) {
  const { chart: drawn } = block;
  const svg = drawn.type === "pie" ? pie(drawn.segments) : axes(drawn);
  const names =
    drawn.type === "pie" ? drawn.segments.map((p) => `${p.label} ${p.value}`) : drawn.series.map((x) => x.name);
  return h(
    "figure",
    { class: `b-chart ${drawn.type}` },
    h("figcaption", {}, block.title),
    svg,
    h(
      "ul",
      { class: "legend" },
      names.map((name, at) => h("li", {}, h("i", { style: `background:${hue(at)}` }), name)),
    ),
  );
}

function axes(drawn) {
  const labels = drawn.axis_config.categories;
  const rows = drawn.series.map((x) => labels.map((label) => x.data.find((p) => p.label === label)?.value ?? 0));
  const most = nice(Math.max(1, ...rows.flat()));
  const y = (value) => TOP + (H - TOP - BOTTOM) * (1 - value / most);
  const slot = (W - LEFT - 8) / labels.length;
  const svg = s("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": describe(drawn, rows) });
  for (const step of [0, 0.25, 0.5, 0.75, 1]) {
    const at = y(most * step);
    svg.append(
      s("line", { x1: LEFT, x2: W - 8, y1: at, y2: at, class: "grid" }),
      say(LEFT - 6, at + 3.5, short(most * step), "end"),
    );
  }
  const every = Math.ceil(labels.length / 10);
  labels.forEach((label, i) => {
    if (i % every === 0) svg.append(say(LEFT + slot * (i + 0.5), H - 8, label, "middle"));
  });
  rows.forEach((values, at) =>
    svg.append(
      ...(drawn.type === "bar" ? bars(values, at, rows.length, slot, y) : lines(values, at, slot, y, drawn.type)),
    ),
  );
  return svg;
}

function bars(values, at, of, slot, y) {
  const width = Math.min(34, (slot * 0.72) / of);
  return values.map((value, i) =>
    s(
      "rect",
      {
        x: LEFT + slot * (i + 0.5) + width * (at - of / 2) + 0.5,
        y: y(value),
        width: width - 1,
        height: y(0) - y(value),
        rx: 2,
        fill: hue(at),
      },
      title(value),
    ),
  );
}

function lines(values, at, slot, y, kind) {
  const points = values.map((value, i) => [LEFT + slot * (i + 0.5), y(value)]);
  const path = points.map(([px, py], i) => `${i ? "L" : "M"}${px.toFixed(1)} ${py.toFixed(1)}`).join("");
  const out = [s("path", { d: path, fill: "none", stroke: hue(at), "stroke-width": 2.2, "stroke-linejoin": "round" })];
  if (kind === "area") {
    const [first, last] = [points[0][0], points[points.length - 1][0]];
    out.unshift(s("path", { d: `${path}L${last} ${y(0)}L${first} ${y(0)}Z`, fill: hue(at), opacity: 0.22 }));
  }
  return out.concat(points.map(([cx, cy], i) => s("circle", { cx, cy, r: 3, fill: hue(at) }, title(values[i]))));
}

function pie(segments) {
  const total = segments.reduce((sum, p) => sum + p.value, 0);
  const svg = s("svg", {
    viewBox: "0 0 190 190",
    role: "img",
    "aria-label": segments.map((p) => `${p.label} ${p.value}`).join(", "),
  });
  let from = -Math.PI / 2;
  segments.forEach((p, at) => {
    const to = from + (p.value / total) * 2 * Math.PI;
    svg.append(slice(from, to, at, p));
    from = to;
  });
  svg.append(s("circle", { cx: 95, cy: 95, r: 44, class: "hole" }), say(95, 100, short(total), "middle", "total"));
  return svg;
}

function slice(from, to, at, p) {
  if (to - from > 6.28) return s("circle", { cx: 95, cy: 95, r: 84, fill: hue(at) }, title(`${p.label} ${p.value}`));
  const edge = (angle) => `${95 + 84 * Math.cos(angle)} ${95 + 84 * Math.sin(angle)}`;
  const d = `M95 95L${edge(from)}A84 84 0 ${to - from > Math.PI ? 1 : 0} 1 ${edge(to)}Z`;
  return s("path", { d, fill: hue(at), class: "slice" }, title(`${p.label} ${p.value}`));
}

function say(x, y, text, anchor, kind = "tick") {
  const node = s("text", { x, y, "text-anchor": anchor, class: kind });
  node.textContent = text;
  return node;
}

function title(value) {
  const node = s("title");
  node.textContent = String(value);
  return node;
}

function nice(most) {
  const size = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 4, 5, 8, 10].map((n) => n * size).find((n) => n >= most);
}

const short = (value) => (value >= 10000 ? `${Math.round(value / 1000)}k` : String(Math.round(value * 100) / 100));

function describe(drawn, rows) {
  return drawn.series
    .map((x, at) => `${x.name}: ${drawn.axis_config.categories.map((c, i) => `${c} ${rows[at][i]}`).join(", ")}`)
    .join("; ");
}
