"""The command that draws a map."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from titlegraph.commands.options import AsJson, Space
from titlegraph.output import emit, say, show


def register(app: typer.Typer) -> None:
    app.command("map")(map_)


def map_(
    space: Space,
    view: Annotated[str, typer.Option(help="graph, theme, audience or fused.")] = "fused",
    kind: Annotated[str, typer.Option(help="title, film, series, book or country.")] = "title",
    color: Annotated[str, typer.Option(help="genre, year, country, kind or cluster.")] = "genre",
    html: Annotated[Path | None, typer.Option(help="Write a page for a browser; it opens offline.")] = None,
    png: Annotated[Path | None, typer.Option(help="Write a picture.")] = None,
    mark: Annotated[list[str], typer.Option(help="A title to be lit; repeat for several.")] = [],  # noqa: B006
    json: AsJson = False,
) -> None:
    """A map on which similar titles are near each other, and its clusters."""
    from queries.space import TitleSpace

    drawn = TitleSpace.open(space).map(view=view, kind=kind, color=color)
    written = []
    if html is not None:
        written.append(drawn.to_html(html, mark=mark or None))
    if png is not None:
        written.append(drawn.to_png(png, mark=mark or None))
    if json:
        about = {"view": view, "kind": kind, "release": drawn.release, "note": drawn.note, "metrics": drawn.metrics}
        emit(about | {"files": [str(path) for path in written], "clusters": drawn.clusters, "places": drawn.frame})
        return
    show(drawn.clusters, title=drawn.heading, columns=["cluster", "label", "size", "examples"])
    if drawn.note:
        say(drawn.note)
    for path in written:
        say(f"wrote {path} ({path.stat().st_size:,} bytes)")
