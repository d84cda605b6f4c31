"""Commands about countries: trends, countries-like, languages."""

from __future__ import annotations

from typing import Annotated

import typer

from titlegraph.commands.asking import Names, several
from titlegraph.commands.options import AsJson, Count, Space
from titlegraph.output import emit, say, show

Country = Annotated[str, typer.Argument(help="A country, by code or name.")]


def register(app: typer.Typer) -> None:
    app.command()(trends)
    app.command("countries-like")(countries_like)
    app.command()(languages)


def trends(
    space: Space,
    country: Annotated[str | None, typer.Option("--country", "-c", help="Only there: a code or a name.")] = None,
    by: Annotated[str, typer.Option(help="tags, genre, cluster, or a relation such as mood.")] = "tags",
    k: Count = 10,
    period: Annotated[str, typer.Option(help="month, quarter or year.")] = "month",
    min_titles: Annotated[int, typer.Option(help="Fewer titles than that show no trend.")] = 10,
    sure: Annotated[bool, typer.Option("--sure/--unsure", help="Only what chance does not explain, or all.")] = True,
    json: AsJson = False,
) -> None:
    """Which tags or genres grow, and which fade."""
    from queries.space import TitleSpace

    frame = TitleSpace.open(space).trends(country, by, k, period=period, min_titles=min_titles, sure=sure)
    if json:
        emit(frame)
        return
    if not frame.empty:
        show(
            frame, columns=["trend", "relation", "what", "titles", "before", "last", "growth", "low", "high", "behind"]
        )
    if "note" in frame.attrs:
        say(frame.attrs["note"])


def countries_like(space: Space, country: Country, k: Count = 10, json: AsJson = False) -> None:
    """Countries that watch alike, and what both watch more than others do."""
    from queries.space import TitleSpace

    frame = TitleSpace.open(space).countries_like(country, k)
    if json:
        emit(frame)
        return
    show(frame, columns=["rank", "country", "name", "unit", "similarity", "titles", "because"])
    if frame["simulated"].any():
        say("These audiences are simulated: nobody watched.")


def languages(
    space: Space,
    titles: Names,
    country: Annotated[list[str], typer.Option("--country", "-c", help="Only there; repeat for several.")] = [],  # noqa: B006
    k: Count = 10,
    json: AsJson = False,
) -> None:
    """For which languages to prepare dubbing or subtitles first."""
    from queries.space import TitleSpace

    opened = TitleSpace.open(space)
    frame = opened.languages(several(opened, titles), country or None, k)
    if json:
        emit(frame)
        return
    columns = ["rank", "language", "name", "share", "prepare", "because", "unit"]
    show(frame, columns=["title", *columns] if frame["title_id"].nunique() > 1 else columns)
    if "note" in frame.attrs:
        say(frame.attrs["note"])
    if frame["simulated"].any():
        say("These audiences are simulated: nobody watched.")
