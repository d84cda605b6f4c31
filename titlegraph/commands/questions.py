"""Commands that ask a release: find, similar, explain, audience."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from titlegraph.commands.options import AsJson, Count, Space
from titlegraph.output import console, emit, say, show, show_audience

Name = Annotated[str, typer.Argument(help="A title: its label, another of its labels, or its identifier.")]


def register(app: typer.Typer) -> None:
    for command in (find, similar, explain, audience):
        app.command()(command)


def find(
    space: Space, text: Annotated[str, typer.Argument(help="A title, typed as you remember it.")], json: AsJson = False
) -> None:
    """Look a title up; typing errors are forgiven."""
    from queries.space import TitleSpace

    frame = TitleSpace.open(space).find(text)
    if json:
        emit(frame)
    elif frame.empty:
        say(f"Nothing is called anything like {text!r}.")
    else:
        show(frame)


def similar(
    space: Space,
    title: Name,
    k: Count = 10,
    view: Annotated[str, typer.Option(help="graph, theme, audience or fused.")] = "fused",
    kind: Annotated[str | None, typer.Option(help="Only films, or only series.")] = None,
    year: Annotated[str | None, typer.Option(help="Only of these years: 1990-2005, 1990- or -1979.")] = None,
    country: Annotated[str | None, typer.Option(help="Only produced there: an ISO 3166-1 alpha-2 code.")] = None,
    genre: Annotated[str | None, typer.Option(help="Only of this genre.")] = None,
    evidence: Annotated[bool, typer.Option("--evidence/--no-evidence", help="Say what they have in common.")] = True,
    json: AsJson = False,
) -> None:
    """Comparable titles, and in what ways they are comparable."""
    from queries.space import TitleSpace

    where: dict[str, Any] = {"kind": kind, "country": country, "genre": genre, "year": _years(year) if year else None}
    where = {name: value for name, value in where.items() if value is not None}
    frame = TitleSpace.open(space).similar(title, k=k, view=view, where=where, evidence=evidence)
    if json:
        emit(frame)
    else:
        show(frame, columns=[c for c in ("rank", "label", "kind", "year", "similarity", "evidence") if c in frame])


def explain(space: Space, a: Name, b: Name, json: AsJson = False) -> None:
    """In what ways two titles are comparable, and in what they differ."""
    from queries.space import TitleSpace

    explanation = TitleSpace.open(space).explain(a, b)
    if json:
        emit({"text": explanation.text, "facets": explanation.frame})
        return
    console().print(explanation.text)
    show(explanation.frame)


def audience(
    space: Space,
    titles: Annotated[list[str], typer.Argument(help="Titles, by label or identifier.", show_default=False)],
    country: Annotated[list[str], typer.Option("--country", "-c", help="ISO 3166-1 alpha-2; repeat for several.")] = [],  # noqa: B006
    json: AsJson = False,
) -> None:
    """Features of a title's audience by country, from the audiences of comparable titles there."""
    from queries.space import TitleSpace

    frame = TitleSpace.open(space).audience_features(titles, country or None)
    if json:
        emit(frame)
    else:
        show_audience(frame)


def _years(text: str) -> tuple[int | None, int | None]:
    """ "1990-2005", "1990-", "-1979" or "1994" as a pair, open ends None."""
    low, dash, high = text.partition("-")
    try:
        bounds = (int(low) if low else None, int(high) if high else None)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a span of years such as 1990-2005, 1990- or -1979") from None
    return bounds if dash else (bounds[0], bounds[0])
