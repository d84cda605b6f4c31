"""The command that looks for better settings of the graph model."""

from __future__ import annotations

from typing import Annotated

import pandas as pd
import typer

from titlegraph.commands.options import AsJson, WorkspacePath
from titlegraph.output import emit, say, show


def register(app: typer.Typer) -> None:
    app.command()(tune)


def tune(
    workspace: WorkspacePath,
    trials: Annotated[int, typer.Option(min=1, help="Cheap trials, on a part of the graph.")] = 20,
    minutes: Annotated[
        float | None, typer.Option(min=0, help="Begin nothing more after so long.", show_default=False)
    ] = None,
    save: Annotated[bool, typer.Option("--save", help="Write the best into workspace.toml, under graph.")] = False,
    json: AsJson = False,
) -> None:
    """Search settings of the graph model by link prediction on validation facts; the test facts are not looked at."""
    from embeddings.graph.tuning import SPACE, Trial
    from embeddings.tuning import tune as run
    from kg import KnowledgeGraph
    from titlegraph.progress import reporting
    from titlegraph.refresh import release_settings
    from titlegraph.settings import save_settings

    kg = KnowledgeGraph.open(workspace)
    start = release_settings(kg.workspace.settings).graph
    with reporting("tune") as progress:
        done: list[Trial] = []

        def tell(trial: Trial) -> None:
            done.append(trial)
            what = "whole graph" if trial.whole else "part of the graph"
            progress(f"trial {len(done)} on the {what}: MRR {trial.mrr:.4f}", len(done), None)

        result = run(kg, start, trials=trials, seconds=None if minutes is None else 60 * minutes, progress=tell)
    chosen = {name: getattr(result.best.settings, name) for name in SPACE}
    best = {name: _rounded(value) for name, value in chosen.items() if value is not None}  # None: chosen from the graph
    if save:
        save_settings(workspace / "workspace.toml", "graph", best)
    if json:
        emit(result.to_dict() | {"saved": best if save else None})
        return
    rows = [
        {"graph": "whole" if t.whole else "part", "mrr": t.mrr} | {name: getattr(t.settings, name) for name in SPACE}
        for t in sorted(result.trials, key=lambda t: (not t.whole, -t.mrr))
    ]
    show(pd.DataFrame(rows))
    whole = [trial for trial in result.trials if trial.whole]
    say(f"Best: MRR {result.best.mrr:.4f} on the validation facts; the start had {whole[0].mrr:.4f}.")
    if save:
        say(f"Written into [graph] of {workspace / 'workspace.toml'}. Use it: titlegraph refresh {workspace} --force")


def _rounded(value: bool | int | float | str) -> bool | int | float | str:
    return float(f"{value:.4g}") if isinstance(value, float) else value
