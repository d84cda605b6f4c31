"""The command that says whether the embeddings help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from titlegraph.commands.options import AsJson, WorkspacePath
from titlegraph.output import console, emit, say, show


def register(app: typer.Typer) -> None:
    app.command()(evaluate)


def evaluate(
    workspace: WorkspacePath,
    full: Annotated[bool, typer.Option("--full", help="Train anew and measure every part: takes a while.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write the report as a page.", show_default=False)] = None,
    json: AsJson = False,
) -> None:
    """Measure what the embeddings are good for, beside simple baselines, on titles they have not seen."""
    from embeddings.usefulness.page import page
    from embeddings.usefulness.run import report
    from kg import KnowledgeGraph

    found = report(KnowledgeGraph.open(workspace), full=full, tell=say)
    if html is not None:
        html.write_text(page(found), encoding="utf-8")
        say(f"wrote {html}")
    if json:
        emit(found)
        return
    tables = {"": found["usefulness"]}
    if own := found.get("ablation"):
        watched = own["watched_too"] or {}
        tables |= {"unseen: ": {"watched_too": watched.get("unseen")}, "seen: ": {"watched_too": watched.get("seen")}}
        tables |= {"full: ": {"adaptations": own["adaptations"]}}
    for prefix, figures in tables.items():
        for where, rows in (figures.get("watched_too") or {}).items():
            show(_frame(rows, "ndcg"), title=f"{prefix}who watches it too, candidates {where} (NDCG@10)")
        adapted: dict[str, Any] = figures.get("adaptations") or {}
        for question in ("films", "books"):
            if question in adapted:
                show(_frame(adapted[question], "mrr"), title=f"{prefix}adaptations, {question} (MRR)")
    for unit, about in (found["audience"] or {}).items():
        measured = ((found.get("ablation") or {}).get("audience") or {}).get(unit)
        if measured:
            show(_frame(measured["methods"], "r2"), title=f"full: audience by country, {unit} (R²)")
        console().print(
            f"Audience by country, {unit}: R² {about['r2']:.3f}, country means {about['r2_country_means']:.3f}. "
            f"Served: {about['served']}, for {about['why']}."
        )
    console().print(found["usefulness"]["protocol"])


def _frame(rows: dict[str, Any], measure: str) -> pd.DataFrame:
    """One row a method: the figure with its interval, and by how much ours is ahead of it."""
    frame = pd.DataFrame(
        [
            {"method": name, **{k: row[measure][k] for k in ("mean", "low", "high")}}
            | {f"ahead_{k}": (row.get("ahead") or {}).get(k) for k in ("mean", "low", "high")}
            for name, row in rows.items()
        ]
    )
    return frame.sort_values("mean", ascending=False, ignore_index=True)
