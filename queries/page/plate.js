// In the place of a cover: a drawing that is always the same for a title and never the same for two.
import { s } from "./dom.js";

function* digits(text) {
  let state = 2166136261;
  for (const letter of text) state = Math.imul(state ^ letter.codePointAt(0), 16777619) >>> 0;
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** A banner for a title, 360 × 92. */
export function plate(id) {
  const random = digits(id);
  const next = () => random.next().value;
  const hue = Math.floor(360 * next());
  const other = (hue + 40 + 120 * next()) % 360;
  const hills = Array.from({ length: 3 }, (_, i) => {
    const points = Array.from({ length: 7 }, (_, x) => `${60 * x},${92 - (12 + 18 * i) - 34 * next() * (1 - i / 4)}`);
    return s("polygon", { points: `0,92 ${points.join(" ")} 360,92`, fill: `hsl(${(hue + 14 * i) % 360} 45% ${58 - 13 * (2 - i)}%)`, opacity: 0.75 });
  });
  return s("svg.plate", { viewBox: "0 0 360 92", preserveAspectRatio: "xMidYMid slice", "aria-hidden": "true" },
    s("rect", { width: 360, height: 92, fill: `hsl(${hue} 40% 82%)` }),
    s("circle", { cx: 40 + 280 * next(), cy: 20 + 22 * next(), r: 10 + 14 * next(), fill: `hsl(${other} 70% 62%)` }),
    hills.reverse());
}
