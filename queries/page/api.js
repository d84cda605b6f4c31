// Questions to the service. A question that is asked again before it is answered is called off.
import { h } from "./dom.js";

const waiting = new Map();

/** Which of the served catalogues the page shows; null for the first. */
export const catalogue = () => new URLSearchParams(location.search).get("catalogue");

/** What went wrong, as the service words it. */
export class Problem extends Error {
  constructor(problem) { super(problem.detail || problem.title); Object.assign(this, problem); }
}

/**
 * Ask `path` with query parameters, or with a `body` to POST. `slot` names the question: a newer one replaces it.
 * A service that is busy is asked again a few times.
 */
export async function ask(path, params = {}, { body = null, slot = null, tries = 4 } = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...params, catalogue: catalogue() })) {
    if (value === null || value === undefined || value === "") continue;
    for (const each of [value].flat()) query.append(name, each);
  }
  const controller = new AbortController();
  if (slot) { waiting.get(slot)?.abort(); waiting.set(slot, controller); }
  const headers = { Accept: "application/json" };
  if (body) headers["Content-Type"] = "application/json";
  if (key()) headers.Authorization = `Bearer ${key()}`;
  const url = query.size ? `api/${path}?${query}` : `api/${path}`;
  const answer = await fetch(url, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body), signal: controller.signal });
  if (answer.status === 401 && await askForKey()) {
    answer.body?.cancel(); // what is not read would keep its connection
    return ask(path, params, { body, slot });
  }
  if (answer.status === 503 && tries > 1) {
    answer.body?.cancel();
    await new Promise((done) => { setTimeout(done, 1000 * Number(answer.headers.get("Retry-After") ?? 1)); });
    if (controller.signal.aborted) throw new DOMException("A newer question took its place", "AbortError");
    return ask(path, params, { body, slot, tries: tries - 1 });
  }
  if (!answer.ok) throw new Problem(await answer.json().catch(() => ({ title: "The service did not answer as it should.", status: answer.status })));
  return answer.json();
}

/** Whether an error only says that a newer question took this one's place. */
export const calledOff = (error) => error.name === "AbortError";

// -- API keys: kept until the tab is closed

function key() { try { return sessionStorage.getItem("key"); } catch { return null; } }

let asking = null;

function askForKey() {
  asking ??= new Promise((given) => {
    const input = h("input", { type: "password", autocomplete: "off", required: true, maxlength: 400 });
    const form = h("form.form", { method: "dialog" }, h("h2", {}, "This service wants a key"), h("label", {}, "API key", input),
      h("p.actions", {}, h("button.primary", { value: "yes" }, "Go on"), " ", h("button", { value: "", formnovalidate: true }, "Not now")));
    const dialog = h("dialog", { "aria-label": "API key" }, form);
    dialog.addEventListener("close", () => {
      if (dialog.returnValue === "yes") sessionStorage.setItem("key", input.value.trim());
      dialog.remove();
      asking = null;
      given(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
  return asking;
}
