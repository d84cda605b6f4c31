"""Commands that ask about links: what is near to anything, and what is missing."""

from __future__ import annotations

from typing import Annotated

import typer

from titlegraph.commands.options import AsJson, Count, Space
from titlegraph.output import emit, say, show

Entity = Annotated[
    str, typer.Argument(help="A title, book, person, tag, …: its label or its identifier.", show_default=False)
]


def register(app: typer.Typer) -> None:
    for command in (related, predict):
        app.command()(command)


def related(
    space: Space,
    entity: Entity,
    kind: Annotated[str | None, typer.Option(help="Only of this kind: film, book, person, storyline, …")] = None,
    k: Count = 10,
    json: AsJson = False,
) -> None:
    """What is near to anything in the graph: books like a film, tags of a book."""
    from queries.space import TitleSpace

    frame = TitleSpace.open(space).related(entity, kind=kind, k=k)
    if json:
        emit(frame)
    else:
        show(frame, columns=["rank", "label", "kind", "year", "similarity", "link"])


def predict(
    space: Space,
    entity: Entity,
    relation: Annotated[str, typer.Argument(help="storyline, based_on, directed_by, …", show_default=False)],
    k: Count = 10,
    inverse: Annotated[
        bool, typer.Option("--inverse", help="Ask from the other end: which works are based on this book.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Facts that are not known but probable, each with a calibrated probability."""
    from queries.space import TitleSpace

    frame = TitleSpace.open(space).predict(entity, relation, k=k, inverse=inverse)
    if json:
        emit(frame)
    elif frame.empty:
        say("Nothing that is not known already could be the answer.")
    else:
        show(frame, columns=["rank", "label", "kind", "year", "probability", "evidence"])
    if "note" in frame.attrs:
        say(f"No probabilities. {frame.attrs['note']}")
