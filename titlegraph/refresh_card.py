"""The report of a refresh as one page: figures against the release before, what changed, a plot, time and memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from embeddings.errors import ReleaseError
from embeddings.release import RELEASES, Release
from titlegraph.refresh_parts import read_report

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; max-width: 60rem; color: #222; background: #fff }
table { border-collapse: collapse; margin: 1rem 0 } th, td { padding: .2rem .8rem; text-align: left }
td + td { text-align: right; font-variant-numeric: tabular-nums } tr { border-bottom: 1px solid #ddd }
"""
_BAR, _WIDTH = 18, 320


def page(workspace: Path, release: str, before: str | None) -> str:
    """The report on `release` in HTML, compared with the release `before`."""
    new, report = Release.open(workspace / RELEASES / release).manifest, read_report(workspace, release)
    old = _manifest(workspace, before) if before != release else None
    verdict = report.get("verdict", {})
    said = "No verdict is kept." if not verdict else "Promoted." if verdict["passed"] else "Refused."
    if before == release:
        said = "Nothing has changed since it was made."
    parts = [f"<h1>Release {escape(release)}</h1><p><strong>{said}</strong> Before: {escape(str(before))}.</p>"]
    if verdict:
        parts.append(_table(["figure", "passed"], [(c["text"], c["passed"]) for c in verdict["checks"]]))
    now, was = _mrr(new), {} if old is None else _mrr(old)
    rows = [(name, was.get(name), value) for name, value in now.items()]
    parts += ["<h2>Link prediction (MRR)</h2>", _plot(rows), _table(["relation", "before", "now"], rows)]
    changed = [(n, None if old is None else old.get(n), new[n]) for n in ("num_titles", "num_entities", "num_facts")]
    parts += ["<h2>What changed</h2>", _table(["", "before", "now"], changed)]
    drift = new["metrics"].get("drift")
    if drift:
        moved = [
            (view, sort, of["titles"], of.get("cosine", {}).get("mean"), of.get("kept_of_ten", {}).get("mean"))
            for view, sorts in drift["views"].items()
            for sort, of in sorts.items()
        ]
        parts.append(_table(["view", "titles", "count", "cosine, old and new", "kept of ten nearest"], moved))
        parts.append(f"<p>{escape(drift['protocol'])}</p>")
    took = [(n, s["seconds"], s["cpu"], s["peak_mb"], "found" if s["reused"] else "") for n, s in new["stages"].items()]
    parts += ["<h2>Time and memory</h2>", f"<p>Graph: {escape(new['graph']['trained'])}.</p>"]
    parts.append(_table(["stage", "seconds", "CPU", "peak, MB", ""], took))
    title = f"<meta charset='utf-8'><title>Release {escape(release)}</title>"
    head = f"<head>{title}<style>{_STYLE}</style></head>"
    return f"<!doctype html><html lang='en'>{head}<body>{''.join(parts)}</body></html>"


def _manifest(workspace: Path, name: str | None) -> Mapping[str, Any] | None:
    try:
        return None if name is None else Release.open(workspace / RELEASES / name).manifest
    except ReleaseError:
        return None


def _mrr(manifest: Mapping[str, Any]) -> dict[str, float]:
    figures = manifest["metrics"]["link_prediction"]
    rows = {"all": figures} | figures.get("by_relation", {})
    return {name: float(row["mrr"]) for name, row in rows.items() if isinstance(row.get("mrr"), int | float)}


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    cells = "".join(f"<th scope='col'>{escape(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(_text(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"


def _plot(rows: Sequence[tuple[str, float | None, float]]) -> str:
    """A bar for each figure now, a line where it was before."""
    drawn = []
    for number, (name, was, now) in enumerate(rows):
        y = number * (_BAR + 6)
        drawn.append(f"<text x='0' y='{y + 14}' font-size='13'>{escape(name)}</text>")
        drawn.append(f"<rect x='170' y='{y}' width='{now * _WIDTH:.1f}' height='{_BAR}' fill='#4a7fb5'/>")
        if was is not None:
            x = 170 + was * _WIDTH
            ends = f"x1='{x:.1f}' x2='{x:.1f}' y1='{y - 2}' y2='{y + _BAR + 2}'"
            drawn.append(f"<line {ends} stroke='#222' stroke-width='2'/>")
    height = len(rows) * (_BAR + 6) + 4
    label = "Link prediction by relation: bars now, lines before"
    return f"<svg role='img' aria-label='{label}' width='{180 + _WIDTH}' height='{height}'>{''.join(drawn)}</svg>"


def _text(cell: object) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return f"{cell:,.4g}" if isinstance(cell, float) else f"{cell:,}" if isinstance(cell, int) else str(cell)
