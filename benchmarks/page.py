"""What a visitor of the explorer waits for, and how smoothly the map moves: an audit in Lighthouse's terms.

    python -m benchmarks.page WORKSPACE [--json]

The workspace is served on loopback, and Chromium opens each page anew: first and largest contentful paint, layout shift
(CLS), blocking time (what tasks took beyond 50 ms each), requests and bytes, and axe's violations, at desktop and phone
width. Then a map of 50,000 made-up points is moved by keys, wheel and mouse: milliseconds of our own script in a frame,
and between frames. The second depends on the graphics card; without one, the browser imitates it on the processor.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from statistics import median
from typing import Any

PORT = 8908
WIDTHS = {"desktop": 1280, "phone": 390}
_SETTLED = 'document.querySelector(".busy, .blank") === null'
_WATCH = """
window.seen = { shift: 0, blocked: 0, largest: 0 };
const watch = (type, take) =>
  new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
watch("layout-shift", (entry) => { if (!entry.hadRecentInput) seen.shift += entry.value; });
watch("longtask", (entry) => { seen.blocked += entry.duration - 50; });
watch("largest-contentful-paint", (entry) => { seen.largest = entry.startTime; });
"""
_FOUND = """() => ({ ...seen, first: performance.getEntriesByName("first-contentful-paint")[0].startTime,
  loaded: performance.getEntriesByType("resource").map((one) => [one.name, one.transferSize, one.decodedBodySize]) })"""
_MAP = """async (count) => {
  const frame = window.requestAnimationFrame.bind(window), ours = [];
  window.requestAnimationFrame = (work) => frame((now) => {
    const began = performance.now();
    work(now);
    ours.push(performance.now() - began);
  });
  const { createMap } = await import("./map/map.js");
  const box = document.createElement("div");
  box.style.height = "780px";
  document.body.replaceChildren(box);
  let state = 7;
  const random = () => { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return state / 2 ** 32; };
  const near = () => random() + random() + random() + random() - 2;
  const middles = Array.from({ length: 120 }, () => [500 * near(), 500 * near()]);
  const cluster = Array.from({ length: count }, () => Math.floor(random() * middles.length));
  createMap(box, {
    x: cluster.map((c) => middles[c][0] + 30 * near()), y: cluster.map((c) => middles[c][1] + 30 * near()), cluster,
    id: cluster.map((_, i) => `title:${i}`), label: cluster.map((_, i) => `Title ${i}`), detail: null,
    colors: { genre: { names: [..."abcdefghij"], codes: cluster.map((c) => c % 10) } }, color: "genre",
    clusters: middles.map(([x, y], i) => ({ label: `Cluster ${i}`, size: count / middles.length, x, y })),
    marks: [{ label: "Your title", x: 0, y: 0 }], lit: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] });
  const stage = box.querySelector(".tm-stage"), { left, top } = stage.getBoundingClientRect();
  const at = (x) => ({ clientX: left + x, clientY: top + 300, cancelable: true });
  const move = {
    pan: (i) => new KeyboardEvent("keydown", { key: i % 2 ? "ArrowLeft" : "ArrowRight" }),
    zoom: (i) => new WheelEvent("wheel", { deltaY: i < 30 ? -40 : 40, ...at(600) }),
    hover: (i) => new PointerEvent("pointermove", { pointerId: 1, ...at(300 + 10 * i) }),
  };
  const found = {};
  for (const [name, act] of Object.entries(move)) {
    const between = [];
    ours.length = 0;
    for (let i = 0, last = performance.now(); i < 60; i++) {
      stage.dispatchEvent(act(i));
      await new Promise((done) => frame(done));
      between.push(performance.now() - last);
      last += between.at(-1);
    }
    found[name] = { ours: ours.slice(), between };
  }
  return found;
}"""


def pages(base: str) -> dict[str, str]:
    """The pages, of a title that most is known of."""

    def first(path: str) -> Any:
        with urllib.request.urlopen(f"{base}/api/{path}") as answer:
            return [row["id"] for row in json.load(answer)["data"]]

    one, other = first("examples?k=2")
    title = f"#/title/{one}"
    return {
        "home": "",
        "title": title,
        "compare": f"#/compare/{one}/{other}",
        "map": f"#/map?title={one}",
        "draft": "#/draft",
    }


def opened(browser: Any, address: str, width: int) -> dict[str, Any]:
    """What is seen on one page, opened for the first time."""
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.add_init_script(_WATCH)
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.wait_for_function(_SETTLED)
    found = page.evaluate(_FOUND)
    violations = [each["impact"] for each in Axe().run(page).response["violations"]]
    context.close()
    scripts = sum(size for name, _, size in found["loaded"] if name.endswith(".js"))
    return {
        "first_paint_ms": round(found["first"]),
        "largest_paint_ms": round(found["largest"]),
        "layout_shift": round(found["shift"], 3),
        "blocked_ms": round(found["blocked"]),
        "requests": len(found["loaded"]) + 1,
        "kb": round(sum(sent for _, sent, _ in found["loaded"]) / 1000),
        "script_kb": round(scripts / 1000),
        "axe": {impact: violations.count(impact) for impact in sorted(set(violations))},
    }


def moved(browser: Any, base: str, count: int) -> dict[str, Any]:
    """Milliseconds of our own a frame, and between frames, while a map of so many points moves."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(base)
    page.wait_for_load_state("networkidle")
    found = page.evaluate(_MAP, count)
    page.close()
    return {
        name: {f"{what}_ms": round(median(times), 1) for what, times in frames.items()}
        for name, frames in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    base = f"http://127.0.0.1:{PORT}"
    command = [sys.executable, "-m", "titlegraph", "serve", str(options.workspace), "--port", str(PORT)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                places = pages(base)
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise SystemExit("the service did not start")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            browser.new_page().goto(f"{base}/icon.svg")  # the browser's own start is not the page's
            found: dict[str, Any] = {"load_average": os.getloadavg()[0]}
            for device, width in WIDTHS.items():
                found[device] = {name: opened(browser, f"{base}/{where}", width) for name, where in places.items()}
            found["map_of_50000"] = moved(browser, base, 50_000)
            browser.close()
    finally:
        server.terminate()
        server.wait()
    print(json.dumps(found, indent=None if options.json else 1))


if __name__ == "__main__":
    main()
