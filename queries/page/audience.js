// Audience by country: bars with intervals, a world map, and the comparables behind each figure.
import { country, h, later, number, percent, put, s, short, table, titleLink } from "./dom.js";
import { ask, calledOff } from "./api.js";

const SHOWN = 12;
let outlines = null;

/** The audience to expect of a title (its id) or a draft; `ask(next)` asks again. */
export function audience(asked) {
  const body = h("div.audience.waiting", {}, h("p.quietly", {}, "…"));
  const section = h("section.panel", { "aria-labelledby": "audience-heading" }, h("h2", { id: "audience-heading" }, "Audience by country"), body);
  section.ask = async (next) => {
    body.classList.add("busy");
    try {
      const { data, note } = await ask("audience", {}, { body: { title: next }, slot: "audience" });
      put(body, data.length ? units(data).map((rows) => figures(rows)) : h("p", {}, "No audience of comparable titles is known."), note && !data.length && h("p.notice", {}, note),
        data.length > 0 && later("Languages to prepare first", () => languages(next)));
    } catch (error) {
      if (calledOff(error)) return;
      put(body, h("p.quietly", {}, error.message));
    }
    body.classList.remove("busy", "waiting");
  };
  section.ask(asked);
  return section;
}

function units(rows) {
  const names = [...new Set(rows.map((row) => row.unit))];
  return names.map((unit) => rows.filter((row) => row.unit === unit).sort((a, b) => a.rank - b.rank));
}

function figures(rows) {
  const { unit } = rows[0];
  const points = unit.includes("point");
  const detail = h("div", { "aria-live": "polite" });
  const pick = (row) => put(detail, behind(row));
  pick(rows[0]);
  return h("div.unit", {},
    h("h3", {}, `Expected ${unit}`),
    h("p.quietly", {}, points ? "A title’s places in the weekly charts, added up: ten points for a week in first place, one for a week in tenth. Chart points are not viewers. " : "", "The bar is the size to expect if there is an audience there at all, the thin line the interval that holds four of five outcomes, the percentage the probability of an audience. Countries are in the order of both together."),
    rows.some((row) => row.simulated) && h("p.notice", {}, h("strong", {}, "Simulated: "), "these figures are learnt from made-up audiences. Nobody watched."),
    bars(rows.slice(0, SHOWN), pick), detail, world(rows, pick),
    h("details.later", {}, h("summary", {}, `All ${rows.length} countries as a table`), tabulated(rows)));
}

/** One bar a country; whoever can't see them has the table below. */
function bars(rows, pick) {
  const most = Math.max(...rows.map((row) => row.high ?? row.expected), 1e-9);
  const share = (value) => `${(100 * Math.max(0, Math.min(value, most))) / most}%`;
  const bar = (row) => h("li", {}, h("button.bar-row", { type: "button", onclick: () => pick(row), onfocus: () => pick(row),
    "aria-label": `${country(row.country)}: ${number(row.expected)} ${row.unit}, between ${number(row.low)} and ${number(row.high)}; probability of an audience ${percent(row.probability)}` },
    h("span.where", {}, country(row.country)),
    h("span.track", {}, h("i.size", { style: { width: share(row.expected) } }), h("i.range", { style: { left: share(row.low), width: `calc(${share(row.high)} - ${share(row.low)})` } })),
    h("span.figure", {}, short(row.expected)), h("span.chance", {}, percent(row.probability))));
  return [h("p.bar-row.heads", { "aria-hidden": "true" }, h("span", {}, "Country"), h("span", {}, "Size, if any"), h("span", {}), h("span", {}, "Probability")),
    h("ol.bars", { "aria-label": `Expected ${rows[0].unit} by country` }, rows.map(bar))];
}

function behind(row) {
  const named = row.comparables.map((words, i) => [i ? ", " : "", titleLink(row.comparable_ids[i], words)]);
  return h("div.notice.calm", {}, h("strong", {}, country(row.country)), `: ${number(row.expected)} ${row.unit} to be expected, between ${number(row.low)} and ${number(row.high)}. The probability of an audience there is ${percent(row.probability)}. `,
    named.length ? ["Comparable titles there: ", named, "."] : "No comparable title was seen there.");
}

function tabulated(rows) {
  const head = [["Country"], [`Expected (${rows[0].unit})`, true], ["Low", true], ["High", true], ["Probability", true], ["Comparable titles there"]];
  return table("Audience by country", head, rows.map((row) => [country(row.country), number(row.expected), number(row.low), number(row.high), percent(row.probability), row.comparables.slice(0, 3).join(", ") || "–"]));
}

/** Countries shaded by what they are ordered by, on outlines that come with the page. */
function world(rows, pick) {
  const svg = s("svg.world", { viewBox: "0 0 1000 436", role: "img", "aria-label": `World map: where an audience is the most to be expected, in ${rows[0].unit}; the table has the figures` });
  const most = Math.max(...rows.map((row) => row.overall), 1e-9);
  const known = new Map(rows.map((row) => [row.country, row]));
  const shade = (row) => 0.2 + 0.8 * Math.sqrt(Math.max(0, row.overall) / most);
  outlines ??= fetch("world.json").then((answer) => answer.json());
  outlines.then(({ countries, width, height }) => {
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    put(svg, Object.entries(countries).map(([code, d]) => {
      const row = known.get(code);
      const path = s(row ? "path.known" : "path", { d, "fill-opacity": row ? shade(row).toFixed(2) : null }, s("title", {}, row ? `${country(code)}: ${number(row.expected)} ${row.unit} with a probability of ${percent(row.probability)}` : `${country(code)}: nothing to learn from`));
      if (row) path.addEventListener("click", () => pick(row));
      return path;
    }));
  }).catch(() => figure.remove());
  const figure = h("figure", {}, svg, h("figcaption.scale", {}, "least to expect", h("i"), "most: size and probability together"));
  return figure;
}

async function languages(title) {
  const { data, note } = await ask("languages", {}, { body: { titles: [title], k: 8 } });
  return [
    h("p.quietly", {}, "Those that would add most of the audience to expect, beyond the original and the languages before it. Which languages are understood where is an approximate table of our own."),
    units(data).map((rows) => table(`Languages, by ${rows[0].unit}`, [["Language"], ["Adds, of all", true], ["Prepare"], [`Because (${rows[0].unit})`]],
      rows.map((row) => [row.name, percent(row.share), row.prepare, row.because]))),
    note && h("p.notice", {}, note),
  ];
}
