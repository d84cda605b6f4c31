// A map of many things: zoom, pan, hover, search, colours, names of clusters; with a mouse, a finger or the keyboard.
//
//   const map = createMap(element, data);
//   map.select(i); map.light([i, …]); map.mark([{label, x, y}, …]); map.fit(); map.color("year"); map.reset(); map.destroy();
//
// data: x, y (numbers in one scale), label, detail (a line about each, or null), id; colors: {name: {names, codes} or
// {values}}; color: the first one's name; clusters: [{label, size, x, y}]; marks: [{label, x, y}]; lit: [i, …].
// "select" is dispatched on the element as a CustomEvent with {index, id} when somebody chooses a point.

import { createPoints, resize } from "./points.js";
import { createGrid } from "./grid.js";
import { gradient, ofCategory, shades, span } from "./palette.js";
import { createBoxes, createNames } from "./labels.js";
import { createSearch } from "./search.js";

const PAGE = `
<div class="tm-bar">
  <div class="tm-search">
    <input type="search" role="combobox" aria-label="Search the map" placeholder="Search" autocomplete="off" spellcheck="false"
      aria-expanded="false" aria-autocomplete="list">
    <ul role="listbox" aria-label="Found" hidden></ul>
  </div>
  <label class="tm-color">Colour <select></select></label>
  <span class="tm-zoom" role="group" aria-label="Zoom">
    <button type="button" data-do="in" aria-label="Zoom in">+</button>
    <button type="button" data-do="out" aria-label="Zoom out">−</button>
    <button type="button" data-do="all">All</button>
  </span>
</div>
<div class="tm-stage" tabindex="0" role="application" aria-roledescription="map">
  <canvas class="tm-points" aria-hidden="true"></canvas>
  <div class="tm-names" aria-hidden="true"></div>
  <canvas class="tm-over" aria-hidden="true"></canvas>
  <div class="tm-tip" hidden></div>
</div>
<div class="tm-legend" role="group" aria-label="Legend"></div>
<p class="tm-status" role="status"></p>`;

const REACH = 14; // pixels from a point at which it is meant
const CLOSE = 400; // so few points in sight are called by name
let maps = 0;

export function createMap(root, data) {
  const number = ++maps, count = data.x.length;
  root.classList.add("tm");
  root.innerHTML = PAGE;
  const part = (selector) => root.querySelector(selector);
  const [stage, over, tip, status, legend] = [".tm-stage", ".tm-over", ".tm-tip", ".tm-status", ".tm-legend"].map(part);
  const [input, list, select] = [part("input"), part("ul"), part("select")];
  list.id = `tm-found-${number}`;
  input.setAttribute("aria-controls", list.id);
  stage.setAttribute("aria-label", `Map of ${count} places. Arrow keys move, plus and minus zoom, 0 shows all, Enter chooses the place in the middle.`);

  const { xs, ys, unit } = normalised(data);
  const clusters = (data.clusters ?? []).map((cluster) => ({ ...cluster, ...unit(cluster) }));
  const points = createPoints(part(".tm-points"), xs, ys), grid = createGrid(xs, ys);
  const names = createNames(part(".tm-names"), clusters);
  const pen = over.getContext("2d");
  let [width, height, fit] = [1, 1, 1];
  let view = { scale: 1, x: 0, y: 0 }, home = true;
  let [hovered, chosen, only, keyed, waiting] = [-1, -1, null, false, 0];
  let lit = [], marks = [], color = data.color in data.colors ? data.color : Object.keys(data.colors)[0];
  const stop = new AbortController();
  const on = (target, name, run, options = {}) => target.addEventListener(name, run, { ...options, signal: stop.signal });

  // -- what is seen

  function draw() {
    waiting = 0;
    const ratio = window.devicePixelRatio || 1, zoom = view.scale / fit;
    const dot = Math.min(12, Math.max(3.4, 150 / Math.sqrt(count)) * Math.min(4, zoom ** 0.45));
    points.draw(view, width, height, ratio, dot);
    resize(over, width, height, ratio);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const style = getComputedStyle(root), boxes = createBoxes();
    const [ink, paper, accent] = ["--tm-ink", "--tm-paper", "--tm-accent"].map((name) => style.getPropertyValue(name));
    pen.font = `12px ${style.fontFamily}`;
    pen.textBaseline = "middle";
    for (const mark of marks) star(mark, accent, paper, boxes);
    for (const i of lit) ring(i, dot + 5, accent), word(i, ink, paper, boxes);
    if (chosen >= 0) ring(chosen, dot + 8, ink), word(chosen, ink, paper, boxes, true);
    if (hovered >= 0) ring(hovered, dot + 4, ink);
    names.place(view, width, height, boxes);
    for (const i of inSight()) word(i, ink, paper, boxes);
    if (keyed) cross(ink);
    showTip();
  }

  const redraw = () => { waiting ||= requestAnimationFrame(draw); };
  const pixel = (x, y) => [x * view.scale + view.x, y * view.scale + view.y];
  const visible = (i) => only === null || (data.colors[color].codes?.[i] ?? only) === only;

  function inSight() {
    const [x0, y0, x1, y1] = [-view.x, -view.y, width - view.x, height - view.y].map((v) => v / view.scale);
    return (grid.within(x0, y0, x1, y1, CLOSE) ?? []).filter(visible);
  }

  function ring(i, size, stroke) {
    const [x, y] = pixel(xs[i], ys[i]);
    pen.beginPath();
    pen.arc(x, y, size / 2 + 1, 0, 7);
    pen.lineWidth = 2;
    pen.strokeStyle = stroke;
    pen.stroke();
  }

  function word(i, ink, paper, boxes, always = false) {
    const [x, y] = pixel(xs[i], ys[i]), text = data.label[i], wide = pen.measureText(text).width;
    if (x < 0 || y < 0 || x > width || y > height) return;
    const left = Math.max(2, x + 10 + wide > width ? x - 10 - wide : x + 10);
    if (!boxes.take(left - 2, y - 8, left + wide + 2, y + 8) && !always) return;
    write(text, left, y, ink, paper);
  }

  function write(text, x, y, ink, paper) {
    pen.lineWidth = 3;
    pen.lineJoin = "round";
    pen.strokeStyle = paper;
    pen.strokeText(text, x, y);
    pen.fillStyle = ink;
    pen.fillText(text, x, y);
  }

  function star(mark, fill, paper, boxes) {
    const [x, y] = pixel(mark.x, mark.y);
    pen.beginPath();
    for (let corner = 0; corner < 10; corner++) {
      const [radius, angle] = [corner % 2 ? 4 : 10, (Math.PI / 5) * corner - Math.PI / 2];
      pen.lineTo(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
    }
    pen.closePath();
    [pen.fillStyle, pen.strokeStyle, pen.lineWidth] = [fill, paper, 1.5];
    pen.fill();
    pen.stroke();
    boxes.take(x + 10, y - 8, x + 16 + pen.measureText(mark.label).width, y + 8);
    write(mark.label, x + 14, y, fill, paper);
  }

  function cross(ink) {
    pen.strokeStyle = ink;
    pen.lineWidth = 1;
    pen.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      pen.moveTo(width / 2 + 4 * dx, height / 2 + 4 * dy);
      pen.lineTo(width / 2 + 12 * dx, height / 2 + 12 * dy);
    }
    pen.stroke();
  }

  const about = (i) => [data.detail?.[i], data.clusters?.[data.cluster?.[i]]?.label].filter(Boolean).join(" · ");

  function showTip() {
    const i = hovered >= 0 ? hovered : chosen;
    const [x, y] = i >= 0 ? pixel(xs[i], ys[i]) : [-1, -1];
    tip.hidden = i < 0 || x < 0 || y < 0 || x > width || y > height;
    if (tip.hidden) return;
    if (tip.dataset.index !== String(i)) {
      const [label, detail] = [document.createElement("strong"), document.createElement("span")];
      [label.textContent, detail.textContent] = [data.label[i], about(i)];
      tip.replaceChildren(label, detail);
      tip.dataset.index = String(i);
    }
    const left = Math.min(Math.max(x - tip.offsetWidth / 2, 4), width - tip.offsetWidth - 4);
    const top = y + 16 + tip.offsetHeight < height ? y + 14 : y - 14 - tip.offsetHeight;
    tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  const say = (i) => { status.textContent = i < 0 ? "" : `${data.label[i]}. ${about(i)}`; };

  // -- where one is

  function measure() {
    const box = stage.getBoundingClientRect();
    const [x, y] = [(width / 2 - view.x) / view.scale, (height / 2 - view.y) / view.scale];
    [width, height] = [Math.max(box.width, 1), Math.max(box.height, 1)];
    fit = 0.47 * Math.min(width, height * 1.6);
    if (home) reset();
    else move(x, y, view.scale);
  }

  function move(x, y, scale) {
    scale = Math.min(Math.max(scale, fit * 0.6), fit * 400);
    [x, y] = [x, y].map((v) => Math.min(Math.max(v, -1.2), 1.2));
    view = { scale, x: width / 2 - x * scale, y: height / 2 - y * scale };
    redraw();
  }

  function zoom(factor, x = width / 2, y = height / 2) {
    home = false;
    const scale = Math.min(Math.max(view.scale * factor, fit * 0.6), fit * 400), by = scale / view.scale;
    view = { scale, x: x - (x - view.x) * by, y: y - (y - view.y) * by };
    redraw();
  }

  function pan(dx, dy) {
    home = false;
    move((width / 2 - view.x - dx) / view.scale, (height / 2 - view.y - dy) / view.scale, view.scale);
  }

  function reset() {
    const [xl, xh, yl, yh] = [Math.min(...span2(xs)), Math.max(...span2(xs)), Math.min(...span2(ys)), Math.max(...span2(ys))];
    move((xl + xh) / 2, (yl + yh) / 2, 0.92 * Math.min(width / Math.max(xh - xl, 0.05), height / Math.max(yh - yl, 0.05)));
    home = true;
  }

  /** Bring what is lit or marked into sight, or nearly: who lies far from all the others is left to be found. */
  function fitLit() {
    const places = [...lit.map((i) => [xs[i], ys[i]]), ...marks.map((mark) => [mark.x, mark.y])];
    if (!places.length) return reset();
    const [[xl, xh], [yl, yh]] = [0, 1].map((axis) => middle(places.map((place) => place[axis])));
    const [wide, high] = [xh - xl, yh - yl].map((v) => Math.max(v, 0.06));
    move((xl + xh) / 2, (yl + yh) / 2, 0.6 * Math.min(width / wide, height / high));
    home = false;
  }

  const at = (event) => {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const under = (x, y, reach = REACH) =>
    grid.nearest((x - view.x) / view.scale, (y - view.y) / view.scale, reach / view.scale, visible);

  function hover(i) {
    if (i === hovered) return;
    hovered = i;
    redraw();
  }

  function choose(i, { fly = true } = {}) {
    chosen = i;
    if (i >= 0) {
      if (fly) [home] = [false, move(xs[i], ys[i], Math.max(view.scale, fit * Math.min(20, Math.max(2, Math.sqrt(count) / 8))))];
      root.dispatchEvent(new CustomEvent("select", { detail: { index: i, id: data.id[i] }, bubbles: true }));
    }
    say(i);
    redraw();
  }

  // -- mouse, finger, keyboard

  const fingers = new Map();
  let moved = 0;
  on(stage, "pointerdown", (event) => {
    stage.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, at(event));
    [keyed, moved] = [false, 0];
  });
  on(stage, "pointermove", (event) => {
    const now = at(event), before = fingers.get(event.pointerId);
    if (!before) return hover(under(...now));
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    fingers.set(event.pointerId, now);
    moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (other) {
      const far = (from) => Math.max(Math.hypot(from[0] - other[0], from[1] - other[1]), 1);
      return zoom(far(now) / far(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    }
    hovered = -1;
    return pan(now[0] - before[0], now[1] - before[1]);
  });
  on(stage, "pointerup", (event) => {
    if (fingers.delete(event.pointerId) && moved < 4) choose(under(...at(event)), { fly: false });
  });
  on(stage, "pointercancel", (event) => fingers.delete(event.pointerId));
  on(stage, "pointerleave", () => hover(-1));
  on(stage, "wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), ...at(event));
  }, { passive: false });
  on(stage, "dblclick", (event) => zoom(2, ...at(event)));

  const keys = {
    ArrowLeft: () => pan(60, 0), ArrowRight: () => pan(-60, 0), ArrowUp: () => pan(0, 60), ArrowDown: () => pan(0, -60),
    "+": () => zoom(1.4), "=": () => zoom(1.4), "-": () => zoom(1 / 1.4), 0: reset,
    Enter: () => choose(hovered, { fly: false }), Escape: () => choose(-1),
  };
  on(stage, "keydown", (event) => {
    if (!(event.key in keys) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keyed = true;
    keys[event.key]();
    if (event.key === "Enter" || event.key === "Escape") return;
    hovered = under(width / 2, height / 2, 60);
    say(hovered);
    redraw();
  });
  on(stage, "blur", () => { keyed = false; hover(-1); redraw(); });
  on(part(".tm-zoom"), "click", (event) => ({ in: () => zoom(1.6), out: () => zoom(1 / 1.6), all: reset })[event.target.dataset.do]?.());
  on(select, "change", () => paint(select.value));

  // -- colours

  function paint(name, category = null) {
    [color, only] = [name, category];
    select.value = name;
    points.color(shades(data.colors[name], count, only));
    legend.replaceChildren(...(data.colors[name].values ? scale(data.colors[name]) : categories(data.colors[name])));
    redraw();
  }

  function categories({ names: called, codes }) {
    const present = new Set(codes);
    return called.flatMap((label, code) => {
      if (!present.has(code)) return [];
      const button = document.createElement("button"), dot = document.createElement("i");
      button.type = "button";
      button.ariaPressed = String(only === code);
      dot.style.background = ofCategory(code);
      button.append(dot, label);
      button.addEventListener("click", () => {
        paint(color, only === code ? null : code);
        legend.querySelector(`[data-code="${code}"]`).focus();
      });
      button.dataset.code = code;
      return [button];
    });
  }

  function scale({ values }) {
    const [low, high] = span(values), bar = document.createElement("i");
    bar.className = "tm-scale";
    bar.style.background = gradient;
    return [document.createTextNode(`${low} or before`), bar, document.createTextNode(`${high} or after`)];
  }

  for (const name of Object.keys(data.colors)) select.add(new Option(name, name));
  part(".tm-color").hidden = select.length === 0;
  createSearch(input, list, data.label, about, choose);
  const watcher = new ResizeObserver(measure);
  watcher.observe(stage);
  const mark = (given) => { marks = given.map((each) => ({ ...each, ...unit(each) })); redraw(); };
  const light = (rows) => { lit = rows; redraw(); };
  mark(data.marks ?? []);
  light(data.lit ?? []);
  if (color) paint(color);
  measure();
  return {
    select: choose, light, mark, fit: fitLit, color: paint, reset, redraw,
    destroy() { stop.abort(); watcher.disconnect(); cancelAnimationFrame(waiting); root.replaceChildren(); },
  };
}

/** Smallest and largest of all but the outermost tenth on either side. */
function middle(values) {
  const sorted = values.toSorted((a, b) => a - b), aside = Math.floor(sorted.length / 10);
  return [sorted[aside], sorted[sorted.length - 1 - aside]];
}

/** Smallest and largest. */
function span2(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const v of values) [low, high] = [Math.min(low, v), Math.max(high, v)];
  return low <= high ? [low, high] : [0, 0];
}

/** Places in the square [-1, 1]², the y axis pointing down, and how anything else gets there. */
function normalised(data) {
  const [[xl, xh], [yl, yh]] = [span2(data.x), span2(data.y)];
  const half = Math.max(xh - xl, yh - yl, 1e-9) / 2, [xm, ym] = [(xl + xh) / 2, (yl + yh) / 2];
  const unit = ({ x, y }) => ({ x: (x - xm) / half, y: (ym - y) / half });
  return { xs: Float32Array.from(data.x, (x) => (x - xm) / half), ys: Float32Array.from(data.y, (y) => (ym - y) / half), unit };
}
