// Two titles side by side: in what ways they are comparable, what is near to both, to which of them a third leans.
import { about, h, meter, put, table, titleAddress, titleLink } from "./dom.js";
import { ask } from "./api.js";
import { card } from "./title.js";
import { VIEWS } from "./comparables.js";
import { completed } from "./complete.js";
import { question, read } from "./described.js";

const ASPECTS = {
  both: "What both have", nearest: "What comes near", audience: "Where both were watched more than usual", path: "How they are linked",
};
const DRAFT = "~"; // in the place of a title: the draft that the address holds
const MANY = 20;

export async function showComparison(target, [a, b], settings) {
  const draft = question(read(settings.get("d")));
  const meant = (name) => (name === DRAFT && draft ? draft : name);
  const known = (name) => (name === DRAFT && draft ? { label: draft.label || "Your title", draft } : ask("title", { title: name }));
  const [first, second, why] = await Promise.all([known(a), known(b), ask("explain", {}, { body: { a: meant(a), b: meant(b) }, slot: "page" })]);
  document.title = `${first.label} and ${second.label} – titlegraph`;
  const own = (title) => (title.draft ? h("article.panel", { "aria-label": title.label }, h("h3", {}, title.label), h("p.meta", {}, "Not launched"), title.draft.summary && h("p", {}, title.draft.summary),
    h("p.actions", {}, h("a", { href: `#/draft?d=${settings.get("d")}` }, "Change it"))) : card(title, "h3"));
  const named = (title) => (title.draft ? title.label : titleLink(title.id, title.label));
  put(target,
    h("h1", {}, named(first), " and ", named(second)),
    h("section.panel", {}, h("h2", {}, "In what ways they are comparable"), similarities(why.data), facets(why.data),
      h("details.later", {}, h("summary", {}, "The same in words"), h("p", {}, why.text))),
    h("div.pair", {}, [["only a", first], ["only b", second]].map(([aspect, title]) => h("section.panel", {}, h("h2", {}, `Only ${title.label}`), listed(why.data, aspect) ?? h("p.quietly", {}, "Nothing.")))),
    meeting(first, second, meant(a), meant(b)),
    leaning(first, second, meant(a), meant(b)),
    h("section", {}, h("h2", {}, "Both in full"), h("div.pair", {}, own(first), own(second))));
}

function similarities(rows) {
  const found = rows.filter((row) => row.aspect === "similarity");
  const called = (view) => VIEWS.reduce((words, [name, label]) => words.replace(new RegExp(`^${name}\\b`), label), view);
  if (!found.length) return null;
  return h("dl.similarities", {}, found.map((row) => h("div", {}, h("dt", {}, called(row.what)), h("dd", {}, meter(row.weight), h("span.similarity", {}, row.weight.toFixed(2))))));
}

function facets(rows) {
  return Object.keys(ASPECTS).map((aspect) => {
    const list = listed(rows, aspect);
    return list && h("section", {}, h("h3", {}, ASPECTS[aspect]), list);
  });
}

/** What an explanation says of one aspect, by facet; null where it says nothing. */
function listed(rows, aspect) {
  const groups = new Map();
  for (const row of rows.filter((each) => each.aspect === aspect)) groups.set(row.facet, (groups.get(row.facet) ?? new Set()).add(row.what.replace(" ~ ", " ≈ ")));
  if (!groups.size) return null;
  const group = (facet, what) => h("div", {}, h("dt", {}, facet), h("dd", {}, what.slice(0, MANY).map((words) => h("span.chip", {}, words)), what.length > MANY && `and ${what.length - MANY} more`));
  return h("dl.facts", {}, [...groups].map(([facet, what]) => group(facet, [...what])));
}

/** A meets B. */
function meeting(first, second, a, b) {
  const list = h("ul.tiles.short", {}, Array.from({ length: 6 }, () => h("li", {}, h("a", { "aria-hidden": "true" }, " "))));
  ask("blend", {}, { body: { titles: [a, b], k: 6, evidence: false }, slot: "blend" }).then(({ data }) => put(list, data.map((row) => h("li", {}, h("a", { href: titleAddress(row.id) }, h("strong", {}, row.label),
    h("small", {}, about(row)), h("small", {}, `similarity ${row.similarity_1.toFixed(2)} and ${row.similarity_2.toFixed(2)}`)))))).catch((error) => put(list, h("li", {}, error.message)));
  return h("section", {}, h("h2", {}, `${first.label} meets ${second.label}`), h("p.quietly", {}, "Titles that are near to both, not merely to one."), list);
}

/** To which of the two another title leans. */
function leaning(first, second, a, b) {
  const answer = h("div", { "aria-live": "polite" });
  const third = completed({ placeholder: "A third title", "aria-label": "A third title" }, ["title"], async (one) => {
    try {
      const found = await ask("lean", {}, { body: { x: one.id ?? one.label, a, b }, slot: "lean" });
      const at = `${(50 * (1 + found.lean)).toFixed(0)}%`;
      const facetRows = found.data.filter((row) => row.aspect === "facet" && (row.with_a || row.with_b));
      put(answer, h("div.balance", { role: "img", "aria-label": found.text }, h("span", {}, first.label), h("div.line", {}, h("i", { style: { left: at } })), h("span", {}, second.label)), h("p", {}, found.text),
        facetRows.length > 0 && table("By facet", [["Facet"], [`Shared with ${first.label} alone`], [`Shared with ${second.label} alone`]], facetRows.map((row) => [row.facet, row.with_a || "–", row.with_b || "–"])));
    } catch (error) { put(answer, h("p.notice.error", { role: "alert" }, error.message)); }
  });
  return h("section.panel", {}, h("h2", {}, "To which of the two does another title lean?"), h("div.asked", {}, third), answer);
}
