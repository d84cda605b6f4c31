"""Commands between titles: blend, lean, recommend."""

from __future__ import annotations

from typing import Annotated

import typer

from titlegraph.commands.asking import Name, Names, several
from titlegraph.commands.options import AsJson, Count, Space, views
from titlegraph.output import console, emit, say, show

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

    opened = TitleSpace.open(space)
    frame = opened.blend(several(opened, titles), k=k, view=views(view), where={"kind": kind})
    if json:
        emit(frame)
    else:
        show(frame, title=" meets ".join(frame.attrs["titles"]), columns=["rank", "label", "kind", "year", "evidence"])


def lean(space: Space, x: Names, a: Name, b: Name, json: AsJson = False) -> None:
    """Does X lean to A or to B, and by what? Or each of several; the last two are A and B."""
    from queries.space import TitleSpace

    opened = TitleSpace.open(space)
    leaning = opened.lean(*(several(opened, names) for names in (x, [a], [b])))
    if json:
        each = {"lean": leaning.lean} if len(leaning.said) == 1 else {"each": leaning.said}
        emit({"text": leaning.text, **each, "facets": leaning.frame})
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

    opened = TitleSpace.open(space)
    frame = opened.recommend(several(opened, watched), k=k, where={"kind": kind})
    if json:
        emit(frame)
        return
    show(frame, columns=["rank", "label", "kind", "year", "from", "because"])
    if frame.attrs["note"]:
        say(frame.attrs["note"])
