// Comparable titles as cards: by one view or another, filtered, each with its evidence by facet.
import { about, h, meter, put, titleAddress } from "./dom.js";
import { ask, calledOff } from "./api.js";
import { completed } from "./complete.js";

export const VIEWS = [["fused", "All in all"], ["theme", "Theme"], ["graph", "Graph"], ["audience", "Audience"]];
const WHY = {
  fused: "Comparable in all that is known.", theme: "Comparable in what they are about.",
  graph: "Comparable in what they are linked to: people, sources, tags.", audience: "Comparable in who watches them.",
};
const KINDS = [["", "films and series"], ["film", "films"], ["series", "series"]];
const FEW = 12;

/**
 * The list of comparables of `asked`, a title's id or a draft. `views`: those it has; `settings` (the address's) are
 * changed, and then `changed()` is called; `draft`: its text, where there is one.
 */
export function comparables(asked, views, settings, changed, { draft = null } = {}) {
  const cards = h("ul.comparables", { "aria-label": "Comparable titles" }, Array.from({ length: FEW }, () => h("li.comparable.blank", { "aria-hidden": "true" })));
  const why = h("p.quietly", {}, "…");
  const note = h("div");
  const view = () => settings.get("view") ?? "fused";

  const set = (name, value) => { if (value) settings.set(name, value); else settings.delete(name); changed(); refresh(); };
  const radio = ([name, label]) => h("label", {}, h("input", { type: "radio", name: "view", value: name, checked: name === view(), onchange: () => set("view", name === "fused" ? null : name) }), h("span", {}, label));
  const choice = h("fieldset.views", {}, h("legend.hidden", {}, "Comparable by"), VIEWS.map(radio));
  const narrowed = ["kind", "from", "to", "country", "genre", "more", "less", "alone"].some((name) => settings.get(name));
  const tools = h("details.later", { open: narrowed }, h("summary", {}, "Filter and steer"), h("div.tools", {},
    h("label", {}, "Kind", h("select", { onchange: (event) => set("kind", event.target.value) }, KINDS.map(([value, label]) => h("option", { value, selected: value === (settings.get("kind") ?? "") }, label)))),
    year("From the year", "from"), year("To the year", "to"), text("Made in", "country", ["country"]), text("Genre", "genre", ["genre"]),
    text("More of", "more", ["tag"]), text("Less of", "less", ["tag"]),
    h("label.check", {}, h("input", { type: "checkbox", checked: settings.get("alone") === "1", onchange: (event) => set("alone", event.target.checked ? "1" : null) }), "Without its own franchise")));

  function year(label, name) {
    const input = h("input", { type: "number", min: 1870, max: 2100, value: settings.get(name) ?? "", onchange: () => set(name, input.value) });
    return h("label", {}, label, input);
  }

  function text(label, name, kinds) {
    const [input, options] = completed({ value: settings.get(name) ?? "" }, kinds, () => {});
    input.addEventListener("change", () => set(name, input.value.trim()));
    return h("label", {}, label, input, options);
  }

  function enable(has) {
    for (const input of choice.querySelectorAll("input")) {
      input.disabled = !has.includes(input.value);
      input.parentElement.title = input.disabled ? "Too little is known for this view" : "";
    }
  }

  async function refresh() {
    cards.classList.add("busy");
    try {
      const { data, note: said } = await ask("similar", {}, { body: { title: asked, k: FEW, view: view(), evidence: false, facets: true, ...conditions(settings) }, slot: "similar" });
      put(why, WHY[view()] ?? "");
      put(note, said && h("p.notice", {}, said));
      put(cards, data.length ? data.map((row) => card(row, draft === null ? asked : null, draft)) : h("li", {}, "Nothing meets these conditions."));
    } catch (error) {
      if (calledOff(error)) return;
      put(note, h("p.notice.error", { role: "alert" }, error.message));
      put(cards);
    }
    cards.classList.remove("busy");
  }

  enable(views);
  refresh();
  const section = h("section", { "aria-labelledby": "comparables-heading" }, h("h2", { id: "comparables-heading" }, "Comparable titles"), choice, why, tools, note, cards);
  return { section, ask: (next, has, text_) => { [asked, draft] = [next, text_]; enable(has); refresh(); } };
}

function conditions(settings) {
  const where = {};
  for (const name of ["kind", "country", "genre"]) if (settings.get(name)) where[name] = settings.get(name);
  const [from, to] = ["from", "to"].map((name) => Number.parseInt(settings.get(name) ?? "", 10) || null);
  if (from !== null || to !== null) where.year = [from, to];
  return { where, more: settings.get("more"), less: settings.get("less"), same_franchise: settings.get("alone") !== "1" };
}

function card(row, title, draft) {
  const compare = title ? `#/compare/${encodeURIComponent(title)}/${encodeURIComponent(row.id)}` : `#/compare/~/${encodeURIComponent(row.id)}?d=${draft}`;
  return h("li.comparable", {},
    h("div.row", {}, h("h3", {}, h("a", { href: titleAddress(row.id) }, row.label)), h("span.similarity", { title: measured(row) }, row.similarity.toFixed(2))),
    meter(row.similarity),
    h("p.meta", {}, about(row)),
    evidence(row.facets),
    h("p.actions", {}, h("a", { href: compare, "aria-label": `Compare with ${row.label}` }, "Compare")));
}

function measured(row) {
  const named = row.named ? `; ${row.named.toFixed(2)} of it for what was named` : "";
  return `Similarity: the cosine of the two titles’ vectors; 1 would be the same${named}`;
}

function evidence(facets) {
  if (!facets.length) return h("p.quietly", {}, "Alike as a whole, with no person, tag or genre in common.");
  return h("dl.evidence", {}, facets.map(({ facet, what }) => h("div", {}, h("dt", {}, facet), h("dd", {}, what.slice(0, 5).join(", ")))));
}
