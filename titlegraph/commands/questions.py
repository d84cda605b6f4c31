"""Commands that ask a release: find, similar, explain, audience, what-if."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from titlegraph.commands.asking import Name, Names, several
from titlegraph.commands.options import AsJson, Count, Countries, Space, Tags, facts, views, wishes
from titlegraph.output import FEATURES, FORECAST, console, emit, say, show, show_audience


def register(app: typer.Typer) -> None:
    for command in (find, similar, explain, audience):
        app.command()(command)
    app.command("what-if")(what_if)


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
    titles: Names,
    k: Count = 10,
    view: Annotated[
        list[str], typer.Option(help="graph, theme, audience or fused; repeat for several, graph=0.3 for weights.")
    ] = ["fused"],  # noqa: B006
    kind: Annotated[str | None, typer.Option(help="Only films, or only series.")] = None,
    year: Annotated[str | None, typer.Option(help="Only of these years: 1990-2005, 1990- or -1979.")] = None,
    country: Annotated[str | None, typer.Option(help="Only produced there: an ISO 3166-1 alpha-2 code.")] = None,
    genre: Annotated[str | None, typer.Option(help="Only of this genre.")] = None,
    language: Annotated[str | None, typer.Option(help="Only in this original language: a code such as es.")] = None,
    having: Annotated[
        list[str], typer.Option("--with", help="Only with a fact: storyline=heist; based_on for any. Repeatable.")
    ] = [],  # noqa: B006
    launched: Annotated[str | None, typer.Option(help="Only launched: before a date, or 'yes' or 'no'.")] = None,
    more: Tags = [],  # noqa: B006
    less: Tags = [],  # noqa: B006
    diversity: Annotated[float, typer.Option(help="0 … 1: how unlike each other results should be.")] = 0.0,
    franchise: Annotated[bool, typer.Option("--franchise/--no-franchise", help="With its sequels, or without.")] = True,
    evidence: Annotated[bool, typer.Option("--evidence/--no-evidence", help="Say what they have in common.")] = True,
    json: AsJson = False,
) -> None:
    """Comparable titles, and in what ways they are comparable."""
    from queries.space import TitleSpace

    where: dict[str, Any] = {"kind": kind, "country": country, "genre": genre, "year": _years(year) if year else None}
    where |= {"language": language, "launched": {"yes": True, "no": False}.get(launched or "", launched)}
    for name, value in facts(having):
        where[name] = True if value is None else [*where.get(name, []), value]
    where = {name: value for name, value in where.items() if value is not None}
    opened = TitleSpace.open(space)
    frame = opened.similar(
        several(opened, titles),
        k=k,
        view=views(view),
        where=where,
        evidence=evidence,
        diversity=diversity,
        same_franchise=franchise,
        more=wishes(more),
        less=wishes(less),
    )
    if json:
        emit(frame)
    else:
        first = ["query", "rank", "label", "kind", "year", "similarity"]
        by_view = [str(name) for name in frame if str(name).startswith("similarity_")]
        show(frame, columns=[name for name in [*first, "named", *by_view, "evidence"] if name in frame])


def explain(space: Space, a: Name, b: Names, json: AsJson = False) -> None:
    """In what ways a title and each of the others are comparable, and in what they differ."""
    from queries.space import TitleSpace

    opened = TitleSpace.open(space)
    explanation = opened.explain(several(opened, [a]), several(opened, b))
    if json:
        each = {} if len(explanation.said) == 1 else {"each": explanation.said}
        emit({"text": explanation.text, **each, "facets": explanation.frame})
        return
    console().print(explanation.text)
    show(explanation.frame)


def audience(
    space: Space,
    titles: Names,
    country: Countries = [],  # noqa: B006
    features: Annotated[
        bool, typer.Option("--features", help="What comparables had there, for your own model.")
    ] = False,
    json: AsJson = False,
) -> None:
    """What audience to expect by country, with an interval and the comparables behind it."""
    from queries.space import TitleSpace

    opened = TitleSpace.open(space)
    frame = (opened.audience_features if features else opened.audience)(several(opened, titles), country or None)
    if json:
        emit(frame)
    else:
        show_audience(frame, columns=FEATURES if features else FORECAST)


def what_if(
    space: Space,
    titles: Names,
    country: Countries = [],  # noqa: B006
    more: Tags = [],  # noqa: B006
    less: Tags = [],  # noqa: B006
    launch: Annotated[str | None, typer.Option(help="Another date of launch: 2026-12-01.")] = None,
    json: AsJson = False,
) -> None:
    """What audience to expect with other tags (--more, --less), or launched in another month (--launch)."""
    from queries.space import TitleSpace

    opened = TitleSpace.open(space)
    frame = opened.what_if(
        several(opened, titles), country or None, more=wishes(more) or None, less=wishes(less) or None, launch=launch
    )
    if json:
        emit({"note": frame.attrs["note"], "countries": frame})
        return
    columns = ["country", "unit", "rank", "rank_if", "probability", "probability_if", "expected", "expected_if"]
    columns += ["low_if", "high_if", "change"]
    show(frame, columns=["title", *columns] if frame["title_id"].nunique() > 1 else columns)
    if frame.attrs["note"]:
        say(frame.attrs["note"])


def _years(text: str) -> tuple[int | None, int | None]:
    """ "1990-2005", "1990-", "-1979" or "1994" as a pair, open ends None."""
    low, dash, high = text.partition("-")
    try:
        bounds = (int(low) if low else None, int(high) if high else None)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a span of years such as 1990-2005, 1990- or -1979") from None
    return bounds if dash else (bounds[0], bounds[0])
