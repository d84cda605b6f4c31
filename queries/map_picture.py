"""A map as a picture, by matplotlib."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from embeddings.errors import ExtraMissing
from queries.map_columns import COLORS

if TYPE_CHECKING:
    from queries.maps import TitleMap

_DPI = 150
_INK, _REST, _ACCENT = "#1b1f24", "#b9bec6", "#c2185b"
#: The ten colours of `page/map/palette.js`.
_TEN = (
    "#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#ff8ab7", "#a463f2", "#97bbf5", "#9c6b4e", "#b8b03c",
)  # fmt: skip


def draw(drawn: TitleMap, path: Path, marked: pd.DataFrame | None, width: float, height: float) -> Path:
    """Draw the map into a PNG file. Raises :class:`ExtraMissing`."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ExtraMissing("matplotlib", "A map as a picture", extra="maps") from error
    figure = Figure(figsize=(width, height), dpi=_DPI, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.02, 0.07, 0.96, 0.86))
    axes.set_axis_off()
    axes.set_aspect("equal", adjustable="datalim")
    frame = drawn.frame.sample(frac=1, random_state=0)  # so that no colour lies on top of the others
    _points(figure, axes, frame, drawn.color)
    figure.text(0.02, 0.955, drawn.heading, fontsize=15, fontweight="bold", color=_INK)
    figure.text(0.98, 0.957, drawn.note, fontsize=9, color="#59616b", ha="right")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # a box instead of the letter
        canvas.draw()  # type: ignore[no-untyped-call]
        boxes: list[Any] = []
        if marked is not None:
            _marks(canvas, axes, marked, boxes)
        _names(canvas, axes, drawn, boxes)
        figure.savefig(path, format="png", dpi=_DPI)
    return path


def _points(figure: Any, axes: Any, frame: pd.DataFrame, color: str) -> None:
    size = max(2.0, min(60.0, 30_000 / max(len(frame), 1)))
    style = {"s": size, "linewidths": 0, "alpha": 0.75}
    if color == "year":
        known = frame["year"].notna()
        years = frame.loc[known, "year"].astype(int)
        axes.scatter(frame.loc[~known, "x"], frame.loc[~known, "y"], c=_REST, **style)
        if len(years):
            low, high = np.quantile(years, [0.02, 0.98], method="lower")
            shown = axes.scatter(
                frame.loc[known, "x"],
                frame.loc[known, "y"],
                c=years,
                cmap="magma_r",
                vmin=low,
                vmax=max(high, low + 1),
                **style,
            )
            bar = figure.colorbar(shown, cax=figure.add_axes((0.02, 0.045, 0.25, 0.014)), orientation="horizontal")
            bar.outline.set_visible(False)
            bar.ax.tick_params(labelsize=9, length=2)
        return
    column = frame["cluster_label" if color == "cluster" else color]
    names = column.value_counts().index[:COLORS].tolist()
    codes = pd.Categorical(column, names).codes
    axes.scatter(frame["x"], frame["y"], c=np.array([*_TEN, _REST])[codes], **style)
    handles = [axes.scatter([], [], c=_TEN[i], s=45, label=_short(name)) for i, name in enumerate(names)]
    if (codes < 0).any():
        handles.append(axes.scatter([], [], c=_REST, s=45, label="other or not known"))
    figure.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.01, 0.0), ncols=6, fontsize=9, frameon=False,
        handletextpad=0.1, columnspacing=1.4,
    )  # fmt: skip


def _names(canvas: Any, axes: Any, drawn: TitleMap, boxes: list[Any]) -> None:
    """Names of clusters in their middle, the largest first; one that would lie on another is left out."""
    middles = drawn.frame.dropna(subset="cluster").groupby("cluster")[["x", "y"]].median().to_dict("index")
    rows: list[dict[str, Any]] = drawn.clusters.to_dict("records")  # type: ignore[assignment]
    largest = max((row["size"] for row in rows), default=1)
    for row in rows:
        if (middle := middles.get(row["cluster"])) is not None:
            size = 7.5 + 4 * float(row["size"] / largest) ** 0.5
            text = _write(axes, middle["x"], middle["y"], _wrapped(row["label"]), size, _INK, ha="center", va="center")
            _keep(canvas, text, boxes)


def _marks(canvas: Any, axes: Any, marked: pd.DataFrame, boxes: list[Any]) -> None:
    axes.scatter(marked["x"], marked["y"], c=_ACCENT, marker="*", s=190, edgecolors="white", linewidths=1, zorder=5)
    for row in marked.to_dict("records"):
        text = _write(axes, row["x"], row["y"], f"   {row['label']}", 10, _ACCENT, ha="left", va="center")
        boxes.append(text.get_window_extent(canvas.get_renderer()))


def _write(axes: Any, x: float, y: float, words: str, size: float, color: str, **where: str) -> Any:
    from matplotlib.patheffects import withStroke

    # parse_math: a tag may have dollar signs in it.
    text = axes.text(x, y, words, fontsize=size, color=color, fontweight="bold", zorder=6, parse_math=False, **where)
    text.set_path_effects([withStroke(linewidth=2.6, foreground="white", alpha=0.9)])
    return text


def _keep(canvas: Any, text: Any, boxes: list[Any]) -> None:
    box = text.get_window_extent(canvas.get_renderer()).expanded(1.05, 1.1)
    if any(box.overlaps(other) for other in boxes):
        text.remove()
    else:
        boxes.append(box)


def _wrapped(label: str) -> str:
    """One tag a line, two short ones together."""
    lines: list[str] = []
    for tag in label.split(", "):
        if lines and len(lines[-1]) + len(tag) < 22:
            lines[-1] += f", {tag}"
        else:
            lines.append(tag)
    return ",\n".join(lines)


def _short(name: str) -> str:
    # A label that starts with an underscore would be left out of the legend.
    return (name if len(name) <= 30 else name[:29] + "…").lstrip("_") or "–"
