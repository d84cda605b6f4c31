// Search as you type, with the keyboard: a combobox over labels.

const MOST = 12;
const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** Make `input` and `list` search `labels`; `describe(i)` is the line under a hit, `choose(i)` is called for one. */
export function createSearch(input, list, labels, describe, choose) {
  let folded = null, hits = [], active = -1;

  function find(text) {
    folded ??= labels.map(fold);
    const wanted = fold(text).trim(), first = [], later = [];
    if (!wanted) return [];
    for (let i = 0; i < folded.length && first.length < MOST; i++) {
      const at = folded[i].indexOf(wanted);
      if (at === 0) first.push(i);
      else if (at > 0 && later.length < MOST) later.push(i);
    }
    return [...first, ...later].slice(0, MOST);
  }

  function show() {
    list.replaceChildren(...hits.map((i, row) => {
      const option = document.createElement("li"), detail = document.createElement("small");
      option.id = `${list.id}-${row}`;
      option.role = "option";
      option.ariaSelected = String(row === active);
      detail.textContent = describe(i);
      option.append(labels[i], detail);
      option.addEventListener("pointerdown", (event) => { event.preventDefault(); take(row); });
      return option;
    }));
    list.hidden = !hits.length;
    input.ariaExpanded = String(hits.length > 0);
    if (active >= 0) input.setAttribute("aria-activedescendant", `${list.id}-${active}`);
    else input.removeAttribute("aria-activedescendant");
  }

  function close() {
    [hits, active] = [[], -1];
    show();
  }

  function take(row) {
    const chosen = hits[row];
    input.value = labels[chosen];
    close();
    choose(chosen);
  }

  input.addEventListener("input", () => { [hits, active] = [find(input.value), -1]; show(); });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!hits.length) hits = find(input.value);
      const step = event.key === "ArrowDown" ? 1 : -1;
      active = hits.length ? (active + step + hits.length + (active < 0 && step < 0 ? 1 : 0)) % hits.length : -1;
      show();
    } else if (event.key === "Enter" && hits.length) {
      event.preventDefault();
      take(Math.max(active, 0));
    } else if (event.key === "Escape") {
      if (hits.length) close();
      else input.value = "";
    }
  });
}
