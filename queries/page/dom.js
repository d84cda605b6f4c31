// Elements from plain values. Text is set as text, never parsed: nothing that a catalogue says can become markup.

const SVG = "http://www.w3.org/2000/svg";

/** h("a.chip", {href: "#/"}, "text", child, …): a tag with classes, attributes, listeners (onclick) and children. */
export function h(name, attributes = {}, ...children) {
  return fill(document.createElement(name.split(".")[0]), name, attributes, children);
}

/** The same for SVG. */
export function s(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name.split(".")[0]), name, attributes, children);
}

const something = (child) => child !== null && child !== undefined && child !== false;

function fill(element, name, attributes, children) {
  const classes = name.split(".").slice(1);
  if (classes.length) element.setAttribute("class", classes.join(" "));
  for (const [key, value] of Object.entries(attributes)) {
    if (!something(value)) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "value") element.value = value;
    else if (key === "style") Object.assign(element.style, value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter(something));
  return element;
}

/** Replace what an element holds. */
export function put(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter(something));
  return element;
}

/** `work`, no more often than every `wait` milliseconds and always once more after the last call. */
export function settled(work, wait = 180) {
  let timer = 0;
  return (...args) => { clearTimeout(timer); timer = setTimeout(() => work(...args), wait); };
}

/** A section that asks for what it shows when it is first opened. */
export function later(title, show) {
  const body = h("div");
  const section = h("details.later", {}, h("summary", {}, title), body);
  section.addEventListener("toggle", async () => {
    if (!section.open || body.childElementCount) return;
    put(body, h("p.quietly", {}, "…"));
    try { put(body, await show()); } catch (error) { put(body, h("p.quietly", {}, error.message)); }
  });
  return section;
}

/** A table that a phone can scroll: `head` of [name, whether it holds numbers]; rows of cells, the first a heading. */
export function table(label, head, rows) {
  const numeric = (i) => (head[i][1] ? ".number" : "");
  return h("div.scroll", { tabindex: 0, role: "region", "aria-label": label }, h("table", {}, h("caption.hidden", {}, label),
    h("thead", {}, h("tr", {}, head.map(([name], i) => h(`th${numeric(i)}`, { scope: "col" }, name)))),
    h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell, i) => (i ? h(`td${numeric(i)}`, {}, cell) : h("th", { scope: "row" }, cell))))))));
}

/** A share, 0 … 1, as a bar; whoever can't see it has the figure beside it. */
export const meter = (share) => h("div.meter", { "aria-hidden": "true" }, h("i", { style: { width: `${Math.max(0, Math.min(1, share)) * 100}%` } }));

// -- words and figures

const compact = new Intl.NumberFormat("en", { maximumSignificantDigits: 3, notation: "compact" });
const whole = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const none = (value) => value === null || value === undefined;
export const short = (value) => (none(value) ? "–" : compact.format(value));
export const number = (value) => (none(value) ? "–" : whole.format(value));
export const percent = (value) => (none(value) ? "–" : value > 0 && value < 0.01 ? "< 1 %" : `${Math.round(100 * value)} %`);

const regions = new Intl.DisplayNames(["en"], { type: "region", fallback: "code" });
const tongues = new Intl.DisplayNames(["en"], { type: "language", fallback: "code" });
/** The name of a code; what is no code stays as it is. */
export const country = (code) => { try { return regions.of(code); } catch { return code; } };
export const language = (code) => { try { return tongues.of(code); } catch { return code; } };

/** "film · 2016 · 1 h 56 min · United States" */
export function about(title) {
  const minutes = title.runtime ? Math.round(title.runtime) : 0;
  const length = minutes >= 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : minutes ? `${minutes} min` : null;
  const places = (title.countries ?? []).map(country).join(", ") || null;
  return [title.kind, title.year, length, places].filter((part) => something(part) && part !== "").join(" · ");
}

/** "30 September 2016", from an ISO date. */
export const day = (iso) => new Date(`${iso.slice(0, 10)}T00:00:00Z`).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });

/** The address of a title, and a link there. */
export const titleAddress = (id) => `#/title/${encodeURIComponent(id)}`;
export const titleLink = (id, label) => h("a", { href: titleAddress(id) }, label);

/** Tell a screen reader. */
export function announce(text) { document.getElementById("status").textContent = text; }
