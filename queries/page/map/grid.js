// Which points are near a place: the square [-1, 1]² in cells, each with the numbers of its points.

const SIDE = 128;

/** An index of points: {nearest(x, y, radius, allowed), within(x0, y0, x1, y1, most)}. */
export function createGrid(xs, ys) {
  const cell = (v) => Math.min(SIDE - 1, Math.max(0, Math.floor(((v + 1) / 2) * SIDE)));
  const starts = new Uint32Array(SIDE * SIDE + 1);
  xs.forEach((x, i) => starts[cell(ys[i]) * SIDE + cell(x) + 1]++);
  for (let c = 0; c < SIDE * SIDE; c++) starts[c + 1] += starts[c];
  const order = new Uint32Array(xs.length), next = starts.slice();
  xs.forEach((x, i) => { order[next[cell(ys[i]) * SIDE + cell(x)]++] = i; });

  function* rows(x0, y0, x1, y1) {
    for (let row = cell(y0); row <= cell(y1); row++) {
      yield* order.subarray(starts[row * SIDE + cell(x0)], starts[row * SIDE + cell(x1) + 1]);
    }
  }

  return {
    /** The number of the point nearest to (x, y) within `radius`, −1 where there is none. */
    nearest(x, y, radius, allowed = () => true) {
      let best = -1, least = radius * radius;
      for (const i of rows(x - radius, y - radius, x + radius, y + radius)) {
        const distance = (xs[i] - x) ** 2 + (ys[i] - y) ** 2;
        if (distance <= least && allowed(i)) [best, least] = [i, distance];
      }
      return best;
    },
    /** The points in a box, or null if there are more than `most`. */
    within(x0, y0, x1, y1, most) {
      const found = [];
      for (const i of rows(x0, y0, x1, y1)) {
        if (xs[i] < x0 || xs[i] > x1 || ys[i] < y0 || ys[i] > y1) continue;
        if (found.push(i) > most) return null;
      }
      return found;
    },
  };
}
