// The frame of the page: addresses, search as you type, light and dark.
import { about, announce, h, put, settled, titleAddress } from "./dom.js";
import { plate } from "./plate.js";
import { ask, calledOff, catalogue } from "./api.js";
import { showTitle } from "./title.js";
import { showComparison } from "./compare.js";
import { showDraft } from "./draft.js";
import { showMarkets } from "./markets.js";

const main = document.getElementById("main");

// -- addresses: #/title/ID?view=theme, #/compare/A/B, #/draft?d=…, #/map?title=ID, #/markets?country=ES

const showMap = async (...given) => (await import("./explore.js")).showMap(...given);
const pages = { "": showHome, title: showTitle, compare: showComparison, draft: showDraft, map: showMap, markets: showMarkets };
let shown = "";

/** The address as a page's name, its parts and its settings. */
function address() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...parts] = path.split("/").map(decoded);
  return { name, parts, settings: new URLSearchParams(query ?? "") };
}

function decoded(text) { try { return decodeURIComponent(text); } catch { return text; } }

async function route() {
  if (location.hash === "#main") return; // the link that skips the bar
  const { name, parts, settings } = address();
  const page = pages[name] ?? showHome;
  const same = shown === `${name}/${parts.join("/")}`;
  shown = `${name}/${parts.join("/")}`;
  for (const link of document.querySelectorAll(".bar nav a")) link.toggleAttribute("aria-current", link.hash === `#/${name}`);
  try {
    await page(main, parts, settings);
    if (same) return;
    window.scrollTo(0, 0);
    announce(document.title);
    if (document.activeElement !== query) main.focus({ preventScroll: true }); // who is searching goes on searching
  } catch (error) {
    if (!calledOff(error)) put(main, failure(error));
  }
}

/** An error in words, with the names that the service suggests as links. */
function failure(error) {
  const names = (error.candidates ?? []).map((one) => h("li", {}, h("a", { href: titleAddress(one.id) }, one.label), ` ${about(one)}`));
  const near = (error.nearest ?? []).map((label) => h("li", {}, h("a", { href: titleAddress(label) }, label)));
  return h("section.panel.error", { role: "alert" }, h("h1", {}, error.title ?? "That did not work"), h("p", {}, error.message), h("ul", {}, names, near));
}

async function showHome(target) {
  document.title = "titlegraph";
  const list = h("ul.tiles.drawn", {}, Array.from({ length: 12 }, () => h("li", {}, h("a", { "aria-hidden": "true" }, " "))));
  put(target,
    h("section.hero", {},
      h("h1", {}, "Which titles are comparable, and where is their audience?"),
      h("p", {}, "Look up a film or series and see what it is comparable to, in what ways, and where such titles were watched. Or ",
        h("a", { href: "#/draft" }, "describe one that has not launched"), "."),
      h("p.quietly", {}, "Press / to search.")),
    h("section", { "aria-label": "Well-described titles" }, h("h2", {}, "Start with one of these"), list));
  const { data } = await ask("examples", { k: 12 }, { slot: "page" });
  put(list, data.map((title) => h("li", {}, h("a", { href: titleAddress(title.id) }, plate(title.id), h("strong", {}, title.label), h("small", {}, about(title))))));
}

// -- search: a combobox (WAI-ARIA), arrow keys, Enter, Escape

const query = document.getElementById("query");
const list = document.getElementById("suggestions");
let chosen = -1;

const suggest = settled(async () => {
  const text = query.value.trim();
  if (!text) return close();
  try {
    const { data } = await ask("find", { text, k: 8 }, { slot: "search" });
    if (document.activeElement !== query) return;
    chosen = -1;
    put(list, data.map((title, i) => h("li", { id: `suggestion-${i}`, role: "option", "aria-selected": "false", "data-id": title.id, onpointerdown: (event) => { event.preventDefault(); go(title.id); } },
      h("span", {}, title.match && title.match !== title.label ? `${title.label} (${title.match})` : title.label), h("small", {}, about(title)))));
    if (!data.length) put(list, h("li", { role: "option", "aria-disabled": "true", "aria-selected": "false" }, "Nothing is called anything like that"));
    list.hidden = false;
    query.setAttribute("aria-expanded", "true");
    query.removeAttribute("aria-activedescendant");
    announce(data.length ? `${data.length} titles found` : "Nothing found");
  } catch (error) { if (!calledOff(error)) close(); }
}, 90);

function close() {
  list.hidden = true;
  query.setAttribute("aria-expanded", "false");
  query.removeAttribute("aria-activedescendant");
}

function go(id) { close(); query.value = ""; query.blur(); location.hash = titleAddress(id); }

function move(step) {
  const options = [...list.querySelectorAll("[data-id]")];
  if (!options.length) return;
  chosen = chosen < 0 && step < 0 ? options.length - 1 : (chosen + step + options.length) % options.length;
  options.forEach((option, i) => option.setAttribute("aria-selected", String(i === chosen)));
  query.setAttribute("aria-activedescendant", options[chosen].id);
  options[chosen].scrollIntoView({ block: "nearest" });
}

query.addEventListener("input", suggest);
query.addEventListener("focus", () => { if (query.value.trim()) suggest(); });
query.addEventListener("blur", close);
query.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") { event.preventDefault(); move(1); }
  else if (event.key === "ArrowUp") { event.preventDefault(); move(-1); }
  else if (event.key === "Escape") close();
});
document.getElementById("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const options = [...list.querySelectorAll("[data-id]")];
  const pick = options[Math.max(chosen, 0)];
  if (pick && !list.hidden) go(pick.dataset.id);
  else if (query.value.trim()) go(query.value.trim());
});
document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); query.focus(); }
});

// -- light and dark

document.getElementById("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try { localStorage.setItem("theme", root.dataset.theme); } catch { /* for this visit only */ }
  document.dispatchEvent(new Event("themechange"));
});

// -- what is served

ask("releases").then(({ data }) => {
  const now = data.find((one) => one.catalogue === catalogue()) ?? data[0];
  const words = `${now.titles.toLocaleString("en")} titles, release of ${now.created.slice(0, 10)}.`;
  const other = ({ target }) => { location.search = new URLSearchParams({ catalogue: target.value }); };
  const choice = data.length > 1 && h("label", {}, "Catalogue ", h("select", { onchange: other }, data.map((one) => h("option", { value: one.catalogue, selected: one === now }, one.catalogue))), " ");
  put(document.getElementById("about"), choice, words, " ", h("a", { href: "openapi.json" }, "API"));
}).catch(() => {});

window.addEventListener("hashchange", route);
route();
