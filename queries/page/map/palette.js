// Colours: ten that can be told apart on light and on dark, grey for the rest, and a scale for years.

const TEN = ["#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#ff8ab7", "#a463f2", "#97bbf5", "#9c6b4e", "#b8b03c"];
const REST = "#8b919b";
const SCALE = ["#3b0f70", "#8c2981", "#de4968", "#fe9f6d", "#fde3a4"];

const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

/** Colour of category `code`; below 0 there is none. */
export const ofCategory = (code) => (code < 0 ? REST : TEN[code % TEN.length]);

/** Colour of a share of the way along the scale, 0 … 1. */
export function ofShare(share) {
  const at = Math.min(Math.max(share, 0), 1) * (SCALE.length - 1), low = Math.min(Math.floor(at), SCALE.length - 2);
  const [a, b] = [channels(SCALE[low]), channels(SCALE[low + 1])];
  return `#${a.map((v, i) => Math.round(v + (b[i] - v) * (at - low)).toString(16).padStart(2, "0")).join("")}`;
}

/** The scale as a CSS gradient. */
export const gradient = `linear-gradient(90deg, ${SCALE.join(", ")})`;

/** The span of years that the scale shows: the middle 96 %, so that one film of 1896 doesn't take half of it. */
export function span(values) {
  const known = values.filter((v) => v !== null).sort((a, b) => a - b);
  if (!known.length) return [0, 1];
  const [low, high] = [0.02, 0.98].map((share) => known[Math.floor(share * (known.length - 1))]);
  return [low, Math.max(high, low + 1)];
}

/** Red, green, blue, alpha of every point; where `only` is a category, the others are faint. */
export function shades(color, count, only) {
  const rgba = new Uint8Array(4 * count);
  const [low, high] = color.values ? span(color.values) : [0, 1];
  const known = new Map();
  const parsed = (hex) => known.get(hex) ?? known.set(hex, channels(hex)).get(hex);
  for (let i = 0; i < count; i++) {
    const value = color.values ? color.values[i] : color.codes[i];
    const none = color.values ? value === null : value < 0;
    const hex = none ? REST : color.values ? ofShare((value - low) / (high - low)) : ofCategory(value);
    rgba.set(parsed(hex), 4 * i);
    rgba[4 * i + 3] = only !== null && value !== only ? 18 : none ? 90 : 205;
  }
  return rgba;
}
