"""Commands that take care of a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from titlegraph.commands.options import AsJson, WorkspacePath
from titlegraph.output import emit, say, show


def register(app: typer.Typer) -> None:
    for command in (migrate, forget, try_relation):
        app.command()(command)


def migrate(workspace: WorkspacePath, json: AsJson = False) -> None:
    """Bring a workspace that an older titlegraph wrote up to the present format."""
    from titlegraph.migrate import migrate as run

    done = run(workspace)
    if json:
        emit({"found": done.found, "now": done.now, "backup": done.backup, "unreadable": done.unreadable})
        return
    if done.backup is None:
        say(f"{workspace} has format {done.now}, which is the present one.")
    else:
        say(f"{workspace} had format {done.found} and has format {done.now} now; the old files are in {done.backup}.")
    if len(done.unreadable):
        show(done.unreadable, title="These releases can't be opened", columns=["id", "promoted", "state"])


def forget(
    workspace: WorkspacePath,
    viewer: Annotated[str, typer.Argument(help="The viewer, as `viewings` names them: source/number.")],
    json: AsJson = False,
) -> None:
    """Remove a viewer from the tables, their whole history and the quarantine; they stay out from now on."""
    from titlegraph.forget import forget as run

    done = run(workspace, viewer)
    if json:
        emit(
            {
                "viewer": viewer,
                "viewings": done.removed.viewings,
                "quarantined": done.removed.quarantined,
                "versions": done.removed.versions,
                "releases": done.releases,
                "unsure": done.unsure,
            }
        )
        return
    removed = done.removed
    say(
        f"{viewer} is forgotten: {removed.viewings:,} viewings and {removed.quarantined:,} quarantined rows removed, "
        f"and {len(removed.versions):,} versions of the workspace written anew without them."
    )
    if done.releases:
        say(f"Trained with them, among all others: {', '.join(done.releases)}. A refresh makes a release without them.")
    if done.unsure:
        say(f"Nobody can tell of these releases, which can't be opened: {', '.join(done.unsure)}.")
    say("The files that the source was read from still name them; they are not titlegraph's to change.")


def try_relation(
    workspace: WorkspacePath,
    relation: Annotated[
        str | None, typer.Argument(help="Its name; without it, the trials so far.", show_default=False)
    ] = None,
    file: Annotated[
        Path | None,
        typer.Argument(help="Facts to try: a table with head and tail, or what `ingest` reads.", show_default=False),
    ] = None,
    domain: Annotated[
        str | None, typer.Option(help="Type of its heads, if it is new: Title.", show_default=False)
    ] = None,
    range_: Annotated[
        str | None, typer.Option("--range", help="Type of its tails, if it is new: Tag.", show_default=False)
    ] = None,
    mapping: Annotated[Path | None, typer.Option(help="A mapping file for FILE.", show_default=False)] = None,
    seeds: Annotated[int, typer.Option(help="Trainings with it, and as many without.")] = 3,
    json: AsJson = False,
) -> None:
    """Train with and without a relation and say whether it was worth it; the workspace stays as it is."""
    from titlegraph.progress import reporting
    from titlegraph.try_relation import trials
    from titlegraph.try_relation import try_relation as run

    if relation is None:
        frame = trials(workspace)
        if json:
            emit(frame)
        elif frame.empty:
            say("No relation was tried yet.")
        else:
            show(frame)
        return
    with reporting("trial") as progress:
        trial = run(
            workspace, relation, file, domain=domain, range_=range_, mapping=mapping, seeds=seeds, progress=progress
        )
    if json:
        emit(trial.to_dict())
        return
    show(trial.figures, title=f"{relation}: {trial.facts:,} facts")
    show(trial.relations, title="Link prediction of each other relation (MRR)")
    show(trial.cost, title="Cost of a training")
    if len(trial.changed):
        show(
            trial.changed, title="Comparables that changed most", columns=["label", "kept", "by_chance", "came", "left"]
        )
    if trial.rejected:
        say(f"{trial.rejected:,} rows of {file} could not be used.")
    say(f"{trial.protocol}\n{relation} {trial.verdict}.")
