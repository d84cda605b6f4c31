"""Makes `queries/page/world.json`, the outlines of countries that the page draws, from Natural Earth.

    make page                           # fetches Natural Earth's outlines from npm, and runs this
    python tools/make_world.py --check  # whether world.json is what this file makes; part of make lint

Natural Earth (naturalearthdata.com) is in the public domain; world-atlas (ISC licence) redistributes it as TopoJSON.
The borders shown are Natural Earth's, which follow who holds a place, and are no statement about who should.

The result: source, made_by (the SHA-256 of this file), width, height, and countries: by ISO 3166-1 alpha-2 code an SVG
path in the Equal Earth projection (Šavrič, Patterson and Jenny, 2018), with a dot where the country is too small to be
seen.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pycountry

Line = npt.NDArray[np.float64]

WIDTH = 1000
_TOLERANCE = 0.3  # in units of the map
_SMALLEST = 0.5  # square units; smaller islands are left out, unless they are all there is
_SMALL, _DOT = 8.0, 2  # a country below so many square units gets a dot of this radius
_FACTORS = (1.340264, -0.081106, 0.000893, 0.003796)
#: What has no number there, and what is no country of its own.
_CODES = {"Kosovo": "XK", "Somaliland": "SO", "N. Cyprus": "CY"}
_LEFT_OUT = {"AQ"}
#: Parts of France that have a code of their own: west, south, east, north.
_PARTS = {
    "GF": (-55, 1, -51, 7),
    "GP": (-62, 15.7, -60.9, 16.7),
    "MQ": (-61.4, 14.2, -60.7, 15),
    "RE": (55, -21.6, 56, -20.7),
    "YT": (44.8, -13.2, 45.5, -12.5),
}


def project(degrees: Line) -> Line:
    """Longitude and latitude [n, 2] in units of the map, y pointing down."""
    a, b, c, d = _FACTORS
    longitude, latitude = np.radians(degrees).T
    angle = np.arcsin(np.sqrt(3) / 2 * np.sin(latitude))
    x = 2 * np.sqrt(3) * longitude * np.cos(angle) / (3 * (9 * d * angle**8 + 7 * c * angle**6 + 3 * b * angle**2 + a))
    y = d * angle**9 + c * angle**7 + b * angle**3 + a * angle
    scale = WIDTH / (2 * 2.706629)  # half the width of the world in this projection
    return np.stack([WIDTH / 2 + scale * x, scale * (1.317362 - y)], axis=1)


def unwrapped(degrees: Line) -> Line:
    """Longitudes that go on past 180 instead of starting again at −180."""
    return np.stack([np.unwrap(degrees[:, 0], period=360), degrees[:, 1]], axis=1)


def within(ring: Line) -> list[Line]:
    """A ring in degrees cut where it crosses the 180th meridian, its parts each on their side of the map."""
    whole = unwrapped(ring)
    parts = []
    for turn in (-360, 0, 360):
        part = whole + np.array([turn, 0])
        for side in (1, -1):  # clipped at 180, then at −180 (Sutherland and Hodgman, 1974)
            part = _clipped(part * np.array([side, 1])).reshape(-1, 2) * np.array([side, 1])
        if len(part) > 2:
            parts.append(part)
    return parts


def _clipped(ring: Line) -> Line:
    kept: list[Line] = []
    for here, there in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        if here[0] <= 180:
            kept.append(here)
        if (here[0] <= 180) != (there[0] <= 180):
            share = (180 - here[0]) / (there[0] - here[0])
            kept.append(np.array([180.0, here[1] + share * (there[1] - here[1])]))
    return np.array(kept)


def simplified(line: Line, tolerance: float) -> npt.NDArray[np.int64]:
    """Numbers of the points that stay: none that goes lies farther than that from the line (Douglas, Peucker, 1973)."""
    if len(line) < 3:
        return np.arange(len(line))
    along, offset = line[-1] - line[0], line - line[0]
    length = float(np.hypot(*along))
    away = np.abs(along[0] * offset[:, 1] - along[1] * offset[:, 0]) / length if length else np.hypot(*offset.T)
    far = int(away.argmax())
    if away[far] <= tolerance:
        return np.array([0, len(line) - 1])
    return np.concatenate([simplified(line[: far + 1], tolerance)[:-1], far + simplified(line[far:], tolerance)])


def area(ring: Line) -> float:
    x, y = ring.T
    return float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2)


def path(ring: Line) -> str:
    points = np.round(10 * ring).astype(int)
    steps = np.diff(points, axis=0)
    steps = steps[steps.any(axis=1)] / 10
    return f"M{points[0, 0] / 10:g} {points[0, 1] / 10:g}l" + " ".join(f"{dx:g} {dy:g}" for dx, dy in steps) + "z"


def dot(middle: Line) -> str:
    """A circle, for what would be too small to be seen."""
    x, y = np.round(middle, 1)
    return f"M{x - _DOT:g} {y:g}a{_DOT} {_DOT} 0 1 0 {2 * _DOT} 0a{_DOT} {_DOT} 0 1 0 {-2 * _DOT} 0z"


def code_of(shape: dict[str, Any], middle: Line) -> str | None:
    name = shape["properties"]["name"]
    found = pycountry.countries.get(numeric=shape["id"]) if "id" in shape else None
    code = found.alpha_2 if found else _CODES.get(name)
    if code == "FR":
        for part, (west, south, east, north) in _PARTS.items():
            if west <= middle[0] <= east and south <= middle[1] <= north:
                return part
    return None if code in _LEFT_OUT else code


def world(topology: dict[str, Any]) -> dict[str, Any]:
    scale, shift = (np.array(topology["transform"][name]) for name in ("scale", "translate"))
    exact = [np.cumsum(np.array(arc), axis=0) * scale + shift for arc in topology["arcs"]]
    # Borders are simplified once, so that neighbours still meet.
    rough = [arc[simplified(project(unwrapped(arc)), _TOLERANCE)] for arc in exact]

    def ring(numbers: list[int], arcs: list[Line]) -> Line:
        return np.concatenate([arcs[n] if n >= 0 else arcs[~n][::-1] for n in numbers])

    rings: dict[str, list[tuple[float, Line]]] = {}
    for shape in topology["objects"]["countries"]["geometries"]:
        polygons = [shape["arcs"]] if shape["type"] == "Polygon" else shape["arcs"]
        for numbers in (part for polygon in polygons for part in polygon):
            whole = ring(numbers, exact)
            code = code_of(shape, whole.mean(axis=0))
            for part in within(ring(numbers, rough)) if code is not None else []:
                drawn = project(part)
                rings.setdefault(str(code), []).append((area(drawn), drawn))
    countries = {}
    for code, found in sorted(rings.items()):
        found.sort(key=lambda each: -each[0])
        largest = found[0][1]
        middle = (largest.min(axis=0) + largest.max(axis=0)) / 2
        outline = "".join(path(drawn) for size, drawn in found if size >= _SMALLEST)
        countries[code] = dot(middle) if sum(size for size, _ in found) < _SMALL else outline
    return {
        "source": "Natural Earth 1:50m, public domain; by way of world-atlas 2.0.2 (ISC)",
        "made_by": _this_file(),
        "width": WIDTH,
        "height": int(np.ceil(project(np.array([[0.0, -56.5]]))[0, 1])),
        "countries": countries,
    }


def _this_file() -> str:
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()


def main() -> None:
    target = Path(__file__).parents[1] / "queries" / "page" / "world.json"
    if sys.argv[1] == "--check":
        if json.loads(target.read_text(encoding="utf-8")).get("made_by") != _this_file():
            raise SystemExit("queries/page/world.json was made by another make_world.py. Run `make page`.")
        return
    made = world(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    target.write_text(json.dumps(made, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{target.name}: {target.stat().st_size:,} bytes, {len(made['countries'])} countries")


if __name__ == "__main__":
    main()
