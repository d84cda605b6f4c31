// Words on the map without one lying on another: who comes first keeps its place, who would overlap is left out.

/** Collects boxes: `take(x0, y0, x1, y1)` says whether the box is free, and keeps it if so. */
export function createBoxes() {
  const taken = [];
  return {
    take(x0, y0, x1, y1) {
      if (taken.some(([a, b, c, d]) => x0 < c && x1 > a && y0 < d && y1 > b)) return false;
      taken.push([x0, y0, x1, y1]);
      return true;
    },
  };
}

/** Names of clusters as elements in `layer`, the largest first; `place(view, width, height, boxes)` moves them. */
export function createNames(layer, clusters) {
  const largest = Math.max(1, ...clusters.map((cluster) => cluster.size));
  const names = [...clusters].sort((a, b) => b.size - a.size).map((cluster) => {
    const element = document.createElement("span");
    element.className = "tm-name";
    element.textContent = cluster.label;
    element.style.fontSize = `${11 + 5 * Math.sqrt(cluster.size / largest)}px`;
    layer.append(element);
    return { cluster, element, width: 0, height: 0 };
  });
  return {
    place(view, width, height, boxes) {
      for (const name of names) {
        if (!name.width) [name.width, name.height] = [name.element.offsetWidth, name.element.offsetHeight];
        const [middle, y] = [name.cluster.x * view.scale + view.x, name.cluster.y * view.scale + view.y - name.height / 2];
        const inside = middle > 0 && middle < width && y > 0 && y < height - name.height;
        const x = Math.max(2, Math.min(middle - name.width / 2, width - name.width - 2));
        const shown = inside && boxes.take(x - 4, y - 2, x + name.width + 4, y + name.height + 2);
        name.element.style.visibility = shown ? "visible" : "hidden";
        if (shown) name.element.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
      }
    },
  };
}
