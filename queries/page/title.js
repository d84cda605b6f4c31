// A title: its card, its comparables, its audience.
import { about, country, day, h, language, later, percent, put, titleAddress } from "./dom.js";
import { ask } from "./api.js";
import { audience } from "./audience.js";
import { comparables } from "./comparables.js";
import { plate } from "./plate.js";

let current = { address: null, root: null };

export async function showTitle(target, [name], settings) {
  const address = location.hash;
  if (current.address === address && target.contains(current.root)) return;
  const title = await ask("title", { title: name }, { slot: "page" });
  document.title = `${title.label} – titlegraph`;
  const keep = () => {
    current.address = `${titleAddress(name)}${settings.size ? `?${settings}` : ""}`;
    history.replaceState(null, "", current.address);
  };
  const near = comparables(title.id, title.views, settings, keep);
  const there = audience(title.id);
  const down = h("button.more", { type: "button", onclick: () => there.scrollIntoView() }, "Audience by country");
  const own = card(title);
  own.querySelector(".actions").append(down);
  const root = h("div.two", {}, own, h("div", {}, near.section, there));
  current = { address, root };
  put(target, root);
}

const SAID_ABOVE = ["produced_in", "in_language", "release_year"];
const FEW = 12;

/** All that is known of a title. */
export function card(title, level = "h1") {
  const languages = (title.languages ?? []).map(language).join(", ");
  return h("article.panel", { "aria-label": title.label },
    plate(title.id),
    h(level, {}, title.label),
    h("p.meta", {}, about(title), title.launch && [h("br"), `Launched ${day(title.launch)}`], languages && [h("br"), `In ${languages}`]),
    title.summary && h("p", {}, title.summary),
    h("p.actions", {}, h("a", { href: `#/map?title=${encodeURIComponent(title.id)}` }, "Show on the map")),
    h("dl.facts", {}, title.facts.filter((fact) => !SAID_ABOVE.includes(fact.relation)).map(row)),
    later("Probably also", () => probable(title)),
    later("Near it in the graph", () => around(title)));
}

function row(fact) {
  const list = h("dd");
  const show = (count) => put(list, fact.values.slice(0, count).map((value) => chip(value, fact)),
    fact.values.length > count && h("button.more", { type: "button", onclick: () => show(Infinity) }, `${fact.values.length - count} more`));
  show(FEW);
  return h("div", {}, h("dt", {}, fact.inverse ? `${fact.label} this` : fact.label), list);
}

function chip(value, fact) {
  const label = value.kind === "country" ? country(value.id.replace(/^country:/, "")) : value.label;
  if (value.kind === "film" || value.kind === "series") return h("a.chip", { href: titleAddress(value.id) }, label);
  return h(fact.facet === "source material" ? "span.chip.warm" : "span.chip", {}, label);
}

/** Facts that nobody stated but the model would bet on, with the odds. */
async function probable(title) {
  const relations = ["storyline", "mood", "has_genre"];
  const asked = relations.map((relation) => ask("predict", { entity: title.id, relation, k: 6 }).then(({ data, note }) => ({ relation, data, note }), () => null));
  const found = (await Promise.all(asked)).filter((each) => each && each.data.length);
  if (!found.length) return h("p.quietly", {}, "Too little is known to tell.");
  const name = (relation) => title.facts.find((fact) => fact.relation === relation)?.label ?? relation.replaceAll("_", " ");
  return [
    h("p.quietly", {}, "Not stated anywhere, but likely. The figure is the probability that this is the one that is missing, if one is."),
    h("dl.facts", {}, found.map(({ relation, data, note }) => h("div", {}, h("dt", {}, name(relation)),
      h("dd", {}, data.map((one) => h("span.chip", { title: one.evidence }, `${one.label} ${one.probability === null ? "" : percent(one.probability)}`)), note && h("small", {}, note))))),
  ];
}

async function around(title) {
  const kinds = [["book", "Books"], ["person", "People"], ["tag", "Tags"]];
  const asked = kinds.map(([kind, label]) => ask("related", { entity: title.id, kind, k: 8 }).then(({ data }) => ({ label, data }), () => null));
  const found = (await Promise.all(asked)).filter((each) => each && each.data.length);
  if (!found.length) return h("p.quietly", {}, "Nothing is known to be near.");
  return h("dl.facts", {}, found.map(({ label, data }) => h("div", {}, h("dt", {}, label), h("dd", {}, data.map((one) => h("span.chip", { title: one.link || `Similarity ${one.similarity.toFixed(2)}` }, one.label))))));
}
