"""Commands that make releases and choose among them, and the demonstration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from titlegraph.commands.options import AsJson, WorkspacePath
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
        emit({"release": found.outcome.release, "similar": found.similar, "audience": found.audience})
    else:
        present(found)


def refresh(
    workspace: WorkspacePath,
    force: Annotated[bool, typer.Option("--force", help="Train again even if nothing has changed.")] = False,
    json: AsJson = False,
) -> None:
    """Read the workspace's sources again, train, and publish a release; does nothing where nothing has changed."""
    from titlegraph.progress import reporting
    from titlegraph.refresh import refresh as run

    with reporting("refresh") as progress:
        outcome = run(workspace, force=force, progress=progress)
    if json:
        emit({"release": outcome.release, "new": outcome.new, "version": outcome.version, "metrics": outcome.metrics})
    elif not outcome.new:
        say(f"Nothing has changed since release {outcome.release}.")
    else:
        show(outcome.table())
        say(f"{outcome.protocol}\nRelease {outcome.release} is promoted.")


@releases_app.command("list")
def list_releases(workspace: WorkspacePath, json: AsJson = False) -> None:
    """The releases of a workspace, newest first; the promoted one is marked."""
    from embeddings.release import list_releases as listing

    frame = listing(workspace)
    if json:
        emit(frame)
    elif frame.empty:
        say(f"There is no release yet. Make one: titlegraph refresh {workspace}")
    else:
        show(frame)


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
