"""Commands between titles: blend, lean, recommend."""

from __future__ import annotations

from typing import Annotated

import typer

from titlegraph.commands.options import AsJson, Count, Space, views
from titlegraph.output import console, emit, say, show

Names = Annotated[list[str], typer.Argument(help="Titles, by label or identifier.", show_default=False)]
Name = Annotated[str, typer.Argument(help="A title: its label, another of its labels, or its identifier.")]
View = Annotated[list[str], typer.Option(help="graph, theme, audience or fused; repeat for several.")]
Kind = Annotated[str | None, typer.Option(help="Only films, or only series.")]


def register(app: typer.Typer) -> None:
    for command in (blend, lean, recommend):
        app.command()(command)


def blend(
    space: Space,
    titles: Names,
    k: Count = 10,
    view: View = ["fused"],  # noqa: B006
    kind: Kind = None,
    json: AsJson = False,
) -> None:
    """ "A meets B": titles that are near to all of those given."""
    from queries.space import TitleSpace

    frame = TitleSpace.open(space).blend(*titles, k=k, view=views(view), where={"kind": kind})
    if json:
        emit(frame)
    else:
        show(frame, title=" meets ".join(frame.attrs["titles"]), columns=["rank", "label", "kind", "year", "evidence"])


def lean(space: Space, x: Name, a: Name, b: Name, json: AsJson = False) -> None:
    """Does X lean to A or to B, and by what?"""
    from queries.space import TitleSpace

    leaning = TitleSpace.open(space).lean(x, a, b)
    if json:
        emit({"text": leaning.text, "lean": leaning.lean, "facets": leaning.frame})
        return
    console().print(leaning.text)
    show(leaning.frame)


def recommend(
    space: Space,
    watched: Names,
    k: Count = 10,
    kind: Kind = None,
    json: AsJson = False,
) -> None:
    """Titles for somebody who watched these."""
    from queries.space import TitleSpace

    frame = TitleSpace.open(space).recommend(watched, k=k, where={"kind": kind})
    if json:
        emit(frame)
        return
    show(frame, columns=["rank", "label", "kind", "year", "from", "because"])
    if frame.attrs["note"]:
        say(frame.attrs["note"])
