// A title that has not launched: described in a form, compared as it changes, shared by its address.
import { h, percent, put, settled } from "./dom.js";
import { ask, calledOff } from "./api.js";
import { audience } from "./audience.js";
import { comparables } from "./comparables.js";
import { several } from "./complete.js";
import { EMPTY, question, read, write } from "./described.js";

let shown = null;

export async function showDraft(target, _, settings) {
  const text = settings.get("d") ?? "";
  if (shown && target.contains(shown.root) && shown.text() === text) return;
  document.title = "Describe a title – titlegraph";
  const draft = read(text);
  const views = new URLSearchParams([...settings].filter(([name]) => name !== "d"));
  const results = h("div.results", {}, h("p.quietly", {}, "Write a summary or choose tags: comparable titles and audiences appear here and follow what you change. Nothing is stored; the address of this page holds it all."));
  const derived = h("div", { "aria-live": "polite" });
  const onMap = h("a", { href: "#/map", hidden: true }, "Show on the map");
  let near = null, there = null;

  const code = () => (JSON.stringify(draft) === JSON.stringify(EMPTY) ? "" : write(draft));
  const keep = () => history.replaceState(null, "", `#/draft${code() || views.size ? "?" : ""}${new URLSearchParams([...(code() ? [["d", code()]] : []), ...views])}`);

  async function look() {
    keep();
    const asked = question(draft);
    onMap.hidden = !asked;
    onMap.href = `#/map?d=${code()}`;
    if (!asked) return;
    if (!near) put(results, h("p.quietly", {}, "Looking for comparable titles…"));
    try {
      const found = await ask("draft", {}, { body: asked, slot: "draft" });
      put(derived, report(found));
      const has = found.views.map((view) => view.view);
      if (near) { near.ask(asked, has, code()); there.ask(asked); return; }
      near = comparables(asked, has, views, keep, { draft: code() });
      there = audience(asked);
      put(results, near.section, there);
    } catch (error) {
      if (calledOff(error)) return;
      put(derived, h("p.notice.error", { role: "alert" }, error.message));
      if (!near) put(results);
    }
  }
  const refresh = settled(look, 400);

  const change = (name) => (event) => { draft[name] = event.target.value; refresh(); };
  const kinds = [["", "not said"], ["film", "film"], ["series", "series"]];
  const form = h("form.form.panel", { "aria-label": "The title", onsubmit: (event) => event.preventDefault() },
    h("h1", {}, "Describe a title"),
    h("label", {}, "Working title", h("input", { maxlength: 400, autocomplete: "off", value: draft.label, oninput: change("label") })),
    h("label", {}, "Summary", h("span.hint", {}, "In English, a sentence or more"), h("textarea", { rows: 6, maxlength: 20000, value: draft.summary, oninput: change("summary") })),
    several("Tags", "Storylines, moods, genres; ones of your own, too", ["tag", "genre"], draft.tags, refresh),
    h("div.half", {},
      h("label", {}, "Kind", h("select", { onchange: change("kind") }, kinds.map(([value, label]) => h("option", { value, selected: value === draft.kind }, label)))),
      h("label", {}, "Launch", h("input", { type: "date", value: draft.launch, onchange: change("launch") }))),
    several("Countries", "Where it is made", ["country"], draft.countries, refresh),
    several("People", "Who makes it and who is in it", ["person"], draft.people, refresh),
    several("Based on", "A book that the catalogue knows", ["book"], draft.book, refresh, 1),
    h("p.actions", {}, h("button", { type: "button", onclick: share }, "Copy the address"), h("button", { type: "button", onclick: again }, "Start again"), onMap),
    derived);
  shown = { root: h("div.two", {}, form, results), text: code };
  put(target, shown.root);

  function again() { shown = null; if (location.hash === "#/draft") showDraft(target, [], new URLSearchParams()); else location.hash = "#/draft"; }
  if (question(draft)) look();
}

async function share({ target }) {
  try { await navigator.clipboard.writeText(location.href); target.textContent = "Copied"; } catch { target.textContent = "Copy it from the address bar"; }
}

function report(found) {
  const tags = found.tags.map((tag) => {
    if (!tag.taken_as) return [h("strong", {}, tag.given), " is not known here and was read by its words"];
    return tag.taken_as.toLowerCase() === tag.given.toLowerCase() || tag.id === tag.given ? null : [h("strong", {}, tag.given), " was taken as ", h("strong", {}, tag.taken_as), tag.similarity < 1 && ` (${percent(tag.similarity)} alike)`];
  }).filter(Boolean);
  return h("section.derived", {}, h("h2", {}, "What this rests on"),
    h("dl.facts", {}, found.views.map((view) => h("div", {}, h("dt", {}, view.view), h("dd", {}, view.made_from, view.trust !== null && h("small", {}, `finds about ${Math.round(10 * view.trust)} of a title’s ten nearest`))))),
    tags.length > 0 && h("ul", {}, tags.map((line) => h("li", {}, line))),
    found.notes.map((note) => h("p.notice", {}, note)));
}
