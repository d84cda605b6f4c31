// The similarity map: clusters named, the current title and its comparables lit, a draft placed.
import { about, h, put, titleAddress } from "./dom.js";
import { ask } from "./api.js";
import { createMap } from "./map/map.js";
import { question, read } from "./described.js";

const OF = { title: "Titles", book: "Books", country: "Countries" };
let drawn = null;

document.addEventListener("themechange", () => drawn?.map.redraw());

export async function showMap(target, _, settings) {
  if (drawn && target.contains(drawn.root)) return;
  document.title = "Map – titlegraph";
  const served = await ask("releases");
  const here = new URLSearchParams(location.search).get("catalogue");
  const { maps } = served.data.find((one) => one.catalogue === here) ?? served.data[0];
  if (!maps.length) {
    put(target, h("section.panel", {}, h("h1", {}, "Map"), h("p", {}, "This release holds no map. The next titlegraph refresh makes one where the extra ‘maps’ is installed.")));
    return;
  }
  const wanted = settings.get("map");
  const name = maps.includes(wanted) ? wanted : maps.includes("fused-title") ? "fused-title" : maps[0];
  const [view, kind] = name.split("-");
  const frame = h("div.map");
  const side = h("div.chosen-title", { "aria-live": "polite" });
  const words = (each) => { const [of, what] = each.split("-"); return `${OF[what] ?? what}, ${of} view`; };
  const choice = maps.length > 1 && h("label.inline", {}, "Map of ", h("select", { onchange: (event) => { settings.set("map", event.target.value); again(); } }, maps.map((each) => h("option", { value: each, selected: each === name }, words(each)))));
  const note = h("p.quietly", {}, "Near means similar; how far apart the far ones are means nothing.");
  const root = h("div", {}, h("div.row", {}, h("h1", {}, "Map"), choice), note, frame, side);
  put(target, root);

  const data = await ask("map/picture", { view, kind }, { slot: "page" });
  const rows = new Map(data.id.map((id, row) => [id, row]));
  if (data.note) note.append(` ${data.note}`);
  const map = createMap(frame, { ...data, marks: [], lit: [] });
  drawn = { root, map };
  let arriving = true; // then what is lit is brought into sight; later the map stays where it was put
  frame.addEventListener("select", ({ detail }) => { if (kind === "title") light(detail.id, arriving); else put(side); });

  async function light(id, fit) {
    settings.set("title", id);
    settings.delete("d");
    keep();
    await show(id, { id, fit });
  }

  async function show(subject, { id = null, label = null, fit = false } = {}) {
    const { data: near } = await ask("similar", {}, { body: { title: subject, k: 12, view, evidence: false }, slot: "similar" });
    map.light([...(rows.has(id) ? [rows.get(id)] : []), ...near.map((row) => rows.get(row.id)).filter((row) => row !== undefined)]);
    if (fit) map.fit();
    const own = id === null ? label : h("a", { href: titleAddress(id) }, rows.has(id) ? data.label[rows.get(id)] : id);
    put(side, h("p", {}, h("strong", {}, own), " and its comparables are lit: ", near.map((row, i) => [i ? ", " : "", h("a", { href: titleAddress(row.id), title: about(row) }, row.label)]), "."));
  }

  const keep = () => history.replaceState(null, "", `#/map${settings.size ? `?${settings}` : ""}`);
  const again = () => { keep(); drawn.map.destroy(); drawn = null; showMap(target, [], settings); };

  const [title, draft] = [settings.get("title"), question(read(settings.get("d")))];
  if (kind === "title" && draft) {
    const label = draft.label || "Your title";
    const { data: [at] } = await ask("map/places", {}, { body: { titles: [draft], view }, slot: "places" });
    map.mark([{ ...at, label }]);
    await show(draft, { label, fit: true });
  } else if (kind === "title" && title) {
    if (rows.has(title)) map.select(rows.get(title), { fly: false });
    else await show(title, { id: title, fit: true });
  }
  arriving = false;
}
