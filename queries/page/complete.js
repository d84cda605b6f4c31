// Text fields that complete what is typed from what the catalogue knows.
import { about, h, put, settled } from "./dom.js";
import { ask, calledOff } from "./api.js";

let fields = 0;

/** An input with completion; `chose({label, id})` is called with what was taken, known or not. `kinds`: of what. */
export function completed(attributes, kinds, chose) {
  const id = attributes.id ?? `completed-${++fields}`;
  const options = h("datalist", { id: `${id}-options` });
  const known = new Map();
  const take = () => {
    const text = input.value.trim();
    if (text) chose(known.get(text) ?? { label: text }, input);
  };
  const complete = settled(async () => {
    const text = input.value.trim();
    if (text.length < 2) return;
    try {
      const found = await Promise.all(kinds.map((kind) => ask("find", { text, k: 8, kind }, { slot: `${id}-${kind}` }).catch((error) => { if (calledOff(error)) throw error; return { data: [] }; })));
      const data = found.flatMap((each) => each.data).sort((a, b) => b.score - a.score).slice(0, 8);
      data.forEach((one) => known.set(one.label, { label: one.label, id: one.id }));
      put(options, data.map((one) => h("option", { value: one.label }, about(one))));
    } catch (error) { if (!calledOff(error)) put(options); }
  }, 120);
  const input = h("input", { ...attributes, id, list: `${id}-options`, autocomplete: "off", maxlength: 400,
    oninput: () => (known.has(input.value.trim()) ? take() : complete()), onchange: take,
    onkeydown: (event) => { if (event.key === "Enter") { event.preventDefault(); take(); } } });
  return [input, options];
}

/** A labelled field of several values; `chosen`, a list of {label, id}, is changed in place. */
export function several(label, hint, kinds, chosen, changed, most = 100) {
  const id = `field-${label.toLowerCase().replaceAll(" ", "-")}`;
  const list = h("div.chosen");
  const remove = (at) => { chosen.splice(at, 1); draw(); changed(); };
  const draw = () => put(list, chosen.map((one, at) => h("button.chip", { type: "button", "aria-label": `Remove ${one.label}`, onclick: () => remove(at) }, `${one.label} ×`)));
  const field = completed({ id }, kinds, (one, input) => {
    input.value = "";
    if (chosen.some((other) => other.label === one.label)) return;
    chosen.push(one);
    if (chosen.length > most) chosen.shift();
    draw();
    changed();
  });
  draw();
  return h("div.field", {}, h("label", { for: id }, label, h("span.hint", {}, hint)), field, list);
}
