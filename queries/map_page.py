"""A map as one HTML file that opens anywhere: its data, style and script inside, nothing fetched."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from functools import cache
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from queries.map_columns import COLORS

if TYPE_CHECKING:
    from queries.maps import TitleMap

#: The script's modules, each after those it imports.
_MODULES = ("points", "grid", "palette", "labels", "search", "map", "alone")
_IMPORT = re.compile(r"^import .*;\n", re.MULTILINE)
_STEPS = 20_000  # places are whole numbers up to this: finer than a screen zoomed in twentyfold


def page(drawn: TitleMap, marked: pd.DataFrame | None = None) -> str:
    """The page. `marked` is as :meth:`queries.maps.TitleMap.place` gives it."""
    script = "".join(_IMPORT.sub("", _file(f"{name}.js")) for name in _MODULES)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return Template(_file("alone.html")).substitute(
        title=html.escape(drawn.heading[:1].upper() + drawn.heading[1:]),
        note=html.escape(drawn.note),
        digest=f"sha256-{digest}",
        style=_file("map.css"),
        script=script,
        data=_inert(data(drawn, marked)),
    )


def embedded(document: str, height: int = 640) -> str:
    """A page inside another one, such as a notebook, that it can't touch."""
    return (
        f'<iframe sandbox="allow-scripts" style="width:100%;height:{height}px;border:0" title="Map" '
        f'srcdoc="{html.escape(document)}"></iframe>'
    )


def data(drawn: TitleMap, marked: pd.DataFrame | None = None) -> dict[str, Any]:
    """What `page/map/map.js` draws, as plain values."""
    frame = drawn.frame
    low, size = _box(frame)
    x, y = (
        ((frame[axis] - start) / size * _STEPS).round().astype(int).tolist()
        for axis, start in zip("xy", low, strict=True)
    )
    groups = frame.assign(x=x, y=y).dropna(subset="cluster").groupby("cluster")[["x", "y"]].median()
    rows = drawn.clusters[drawn.clusters["cluster"].isin(groups.index)]
    number = {cluster: at for at, cluster in enumerate(rows["cluster"])}
    codes = [number.get(cluster, -1) for cluster in frame["cluster"].astype(object).where(frame["cluster"].notna(), -1)]
    shown = {
        "genre": _categories(frame["genre"]),
        "year": None if frame["year"].isna().all() else {"values": _plain(frame["year"])},
        "country": _categories(frame["country"]),
        "kind": _categories(frame["kind"]),
        "cluster": {"names": rows["label"].tolist(), "codes": codes} if len(rows) else None,
    }
    marks: list[Any] = []
    lit: list[int] = []
    if marked is not None:
        lit = pd.Index(frame["id"]).get_indexer(pd.Index(marked.loc[marked["on_map"], "id"])).tolist()
        marks = places(drawn, marked[~marked["on_map"]])[["label", "x", "y"]].to_dict("records")
    return {
        "id": frame["id"].tolist(),
        "label": frame["label"].tolist(),
        "detail": _details(frame),
        "x": x,
        "y": y,
        "cluster": codes,
        "clusters": rows[["cluster", "label", "size"]].join(groups, on="cluster").to_dict("records"),
        "colors": {name: about for name, about in shown.items() if about},
        "color": drawn.color,
        "marks": marks,
        "lit": [row for row in lit if row >= 0],
    }


def places(drawn: TitleMap, marked: pd.DataFrame) -> pd.DataFrame:
    """`marked`, as :meth:`queries.maps.TitleMap.place` gives it, with places on the scale of :func:`data`."""
    low, size = _box(drawn.frame)
    return marked.assign(
        **{axis: (marked[axis] - start) / size * _STEPS for axis, start in zip("xy", low, strict=True)}
    )


def _box(frame: pd.DataFrame) -> tuple[tuple[float, float], float]:
    places = frame[["x", "y"]].to_numpy(dtype=float)
    if not len(places):
        return (0.0, 0.0), 1.0
    low = places.min(axis=0)
    return (float(low[0]), float(low[1])), max(float((places.max(axis=0) - low).max()), 1e-9)


def _categories(column: pd.Series[str]) -> dict[str, Any] | None:
    """The commonest, with a code for each row; −1 for the rest."""
    names = column.value_counts().index[:COLORS].tolist()
    return {"names": names, "codes": pd.Index(names).get_indexer(pd.Index(column)).tolist()} if names else None


def _details(frame: pd.DataFrame) -> list[str]:
    columns = [_plain(frame[name]) for name in ("kind", "year", "genre", "country")]
    return [" · ".join(str(value) for value in row if value is not None) for row in zip(*columns, strict=True)]


def _plain(column: pd.Series[Any]) -> list[Any]:
    return [None if missing else value for value, missing in zip(column.tolist(), column.isna().tolist(), strict=True)]


def _inert(value: object) -> str:
    """JSON that can stand in a script element: no text in it can end the element or open another."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_number, allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _number(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} can't be written as JSON")


@cache
def _file(name: str) -> str:
    return (files("queries") / "page" / "map" / name).read_text(encoding="utf-8")
