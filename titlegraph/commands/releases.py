"""Commands that make releases and choose among them, and the demonstration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from titlegraph.commands.options import AsJson, Count, WorkspacePath
from titlegraph.output import emit, say, show

releases_app = typer.Typer(help="The published releases of a workspace.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.command()(demo)
    app.command()(refresh)
    app.add_typer(releases_app, name="releases")


def demo(
    workspace: Annotated[Path, typer.Argument(help="Where to build it.")] = Path("titlegraph-demo"),
    json: AsJson = False,
) -> None:
    """From the packaged sample catalogue to comparable titles and audience features, in a few minutes."""
    from titlegraph.demo import present, run

    found = run(workspace)
    if json:
        emit(
            {
                "release": found.outcome.release,
                "similar": found.similar,
                "audience": found.audience,
                "draft": {"similar": found.draft, "audience": found.forecast},
            }
        )
    else:
        present(found)


def refresh(
    workspace: WorkspacePath,
    force: Annotated[bool, typer.Option("--force", help="Train again even if nothing has changed.")] = False,
    json: AsJson = False,
) -> None:
    """Read the workspace's sources again, train, and promote what is no worse; does nothing where nothing has changed.

    Exits with 3 if the gate refuses the release, 4 if another refresh is running, 5 if a source vanished or came back
    empty.
    """
    from titlegraph.errors import SourceSuspect
    from titlegraph.progress import reporting
    from titlegraph.refresh import refresh as run

    with reporting("refresh") as progress:
        outcome = run(workspace, force=force, progress=progress)
    if json:
        about = {"release": outcome.release, "new": outcome.new, "version": outcome.version}
        emit(about | {"suspects": outcome.suspects, "metrics": outcome.metrics})
    elif not outcome.new:
        say(f"Nothing has changed since release {outcome.release}.")
    else:
        show(outcome.table())
        say(f"{outcome.protocol}\nRelease {outcome.release} is promoted.")
    if outcome.suspects:
        did = f"Release {outcome.release} is {'new and promoted' if outcome.new else 'still the promoted one'}."
        raise SourceSuspect(list(outcome.suspects), "vanished or came back empty", did)


@releases_app.command("list")
def list_releases(workspace: WorkspacePath, json: AsJson = False) -> None:
    """The releases of a workspace, newest first; the promoted one is marked."""
    from embeddings.release import list_releases as listing
    from titlegraph.refresh_parts import read_report

    frame = listing(workspace)
    reports = [read_report(workspace, name) for name in frame["id"]]
    verdicts = [report.get("verdict", {}).get("passed") for report in reports]
    frame["gate"] = [None if passed is None else "passed" if passed else "refused" for passed in verdicts]
    frame["kept_of_ten"] = [_kept(report) for report in reports]
    if json:
        emit(frame)
    elif frame.empty:
        say(f"There is no release yet. Make one: titlegraph refresh {workspace}")
    else:
        show(frame)


def _kept(report: dict[str, Any]) -> float | None:
    """How many of an unchanged title's ten nearest stayed when the release was made, on average."""
    figures = (report.get("drift") or {}).get("views", {}).get("fused", {}).get("unchanged", {})
    kept = figures.get("kept_of_ten", {}).get("mean")
    return None if kept is None else float(kept)


@releases_app.command()
def promote(
    workspace: WorkspacePath, release: Annotated[str, typer.Argument(show_default=False)], json: AsJson = False
) -> None:
    """Check every file of a release and make it the current one."""
    from embeddings.release import promote as run

    run(workspace, release)
    if json:
        emit({"current": release})
    else:
        say(f"Release {release} is promoted.")


@releases_app.command()
def verify(
    workspace: WorkspacePath, release: Annotated[str, typer.Argument(show_default=False)], json: AsJson = False
) -> None:
    """Check every file of a release against its manifest."""
    from embeddings.release import verify as run

    run(workspace / "releases" / release)
    if json:
        emit({"release": release, "intact": True})
    else:
        say(f"Release {release} is intact.")


@releases_app.command()
def rollback(workspace: WorkspacePath, json: AsJson = False) -> None:
    """Promote the release that was promoted before the present one; do it again to go back further."""
    from embeddings.release_care import rollback as run

    name = run(workspace)
    if json:
        emit({"current": name})
    else:
        say(f"Release {name} is promoted again.")


@releases_app.command()
def diff(
    workspace: WorkspacePath,
    a: Annotated[str, typer.Argument(help="The older release.", show_default=False)],
    b: Annotated[str, typer.Argument(help="The newer release.", show_default=False)],
    k: Count = 20,
    view: Annotated[str, typer.Option(help="Whose comparables: graph, theme, audience or fused.")] = "fused",
    most: Annotated[int, typer.Option(min=1, help="Look at so many titles at most, those with changes first.")] = 5000,
    json: AsJson = False,
) -> None:
    """Which titles' comparables changed most from release A to release B, and why."""
    from embeddings.release_diff import diff as run
    from embeddings.release_diff import named

    found = run(named(workspace, a), named(workspace, b), view=view, k=k, most=most)
    if json:
        figures = {"before": a, "after": b, "titles": found.titles, "new": found.new, "gone": found.gone}
        emit(figures | {"compared": found.compared, "kept_of_ten": found.kept_of_ten, "changed": found.frame})
    else:
        if len(found.frame):
            show(found.frame, columns=["label", "kept", "came", "left", "why"])
        say(str(found))


@releases_app.command()
def prune(
    workspace: WorkspacePath,
    keep: Annotated[int, typer.Option(help="Keep the last so many that were promoted, and of the refused.")] = 3,
    json: AsJson = False,
) -> None:
    """Remove old releases; the promoted one and what somebody reads stay."""
    from embeddings.release_care import prune as run

    done = run(workspace, keep)
    if json:
        emit({"removed": done.removed, "held": done.held, "freed": done.freed})
    else:
        held = f" {', '.join(done.held)} stays: somebody reads it." if done.held else ""
        say(f"{len(done.removed)} releases removed, {done.freed / 1e6:,.0f} MB freed.{held}")
