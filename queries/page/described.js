// A described title: as the form has it, as the address holds it, as the service is asked about it.

export const EMPTY = { label: "", summary: "", tags: [], kind: "", launch: "", countries: [], languages: [], people: [], book: [] };

/** As text for an address: the whole draft, so that it can be shared and is kept nowhere else. */
export function write(draft) {
  const small = Object.fromEntries(Object.entries(draft).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(EMPTY[name])));
  return btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(small)))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** From the text of an address; what is not of a draft's making is left out. */
export function read(text) {
  const draft = structuredClone(EMPTY);
  if (!text) return draft;
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
    for (const [name, value] of Object.entries(JSON.parse(new TextDecoder().decode(bytes)))) {
      if (!(name in EMPTY)) continue;
      if (Array.isArray(EMPTY[name])) draft[name] = (Array.isArray(value) ? value : []).filter((one) => typeof one?.label === "string");
      else if (typeof value === "string") draft[name] = value;
    }
  } catch { /* an address that was cut short describes nothing */ }
  return draft;
}

/** What the service is asked; null while there is nothing to ask about. */
export function question(draft) {
  const names = (list) => list.map((one) => one.id ?? one.label);
  const body = {
    label: draft.label.trim(), summary: draft.summary.trim(), tags: names(draft.tags), kind: draft.kind, launch: draft.launch,
    countries: names(draft.countries), languages: names(draft.languages), people: names(draft.people),
    facts: draft.book.filter((one) => one.id).map((one) => ["based_on", one.id]),
  };
  const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value.length));
  return given.summary || given.tags || given.people || given.facts ? given : null;
}
