"""The command that describes a title nobody has made yet."""

from __future__ import annotations

import json as jsons
from pathlib import Path
from typing import Annotated, Any

import typer

from titlegraph.commands.asking import pair, read
from titlegraph.commands.options import AsJson, Count, Countries, Space
from titlegraph.output import FORECAST, emit, say, show, show_audience

Texts = list[str]


def register(app: typer.Typer) -> None:
    app.command()(draft)


def draft(
    space: Space,
    file: Annotated[
        Path | None, typer.Option("--from", help="A JSON file with these fields; options go on top.")
    ] = None,
    label: Annotated[str | None, typer.Option(help="What it is called.")] = None,
    summary: Annotated[str | None, typer.Option(help="What it is about, in English.")] = None,
    tags: Annotated[Texts, typer.Option("--tag", help="A tag: heist, or mood=dark. Repeatable.")] = [],  # noqa: B006
    people: Annotated[Texts, typer.Option("--person", help="Somebody: a name, or starring=NAME. Repeatable.")] = [],  # noqa: B006
    facts: Annotated[Texts, typer.Option("--fact", help="A fact: based_on=book:dracula. Repeatable.")] = [],  # noqa: B006
    kind: Annotated[str | None, typer.Option(help="film or series.")] = None,
    launch: Annotated[str | None, typer.Option(help="A date: 2026-12-01.")] = None,
    countries: Annotated[Texts, typer.Option("--made-in", help="A country. Repeatable.")] = [],  # noqa: B006
    languages: Annotated[Texts, typer.Option("--language", help="An original language. Repeatable.")] = [],  # noqa: B006
    runtime: Annotated[float | None, typer.Option(help="In minutes.")] = None,
    country: Countries = [],  # noqa: B006
    k: Count = 10,
    save: Annotated[Path | None, typer.Option(help="Write the description, to ask more with @FILE.")] = None,
    json: AsJson = False,
) -> None:
    """Describe a title that has not launched: what it is taken for, what it is comparable to, what to expect.

    Where --country is given the audience there is foreseen. To put any other question about it, --save the description
    and give @FILE in the place of a title.
    """
    from queries.space import TitleSpace

    described: dict[str, Any] = {} if file is None else _one(file)
    said = {"label": label, "summary": summary, "kind": kind, "launch": launch, "runtime": runtime} | {
        "tags": [pair(text) for text in tags],
        "people": [pair(text) for text in people],
        "facts": [pair(text) for text in facts],
        "countries": countries,
        "languages": languages,
    }
    described |= {name: value for name, value in said.items() if value}
    opened = TitleSpace.open(space)
    made = opened.draft(**described)
    found = opened.similar(made, k=k)
    audience = opened.audience(made, country) if country else None
    if save is not None:
        save.write_text(jsons.dumps(described, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if json:
        about = {"id": made.id, "label": made.label, "views": made.views, "tags": made.tags, "notes": made.notes}
        emit(about | {"similar": found, "audience": audience})
        return
    if len(made.tags):
        show(made.tags, title="Tags and people", columns=["given", "taken_as", "relation", "similarity"])
    show(made.views, title="Views, and how far to trust them")
    show(
        found, title=f"Comparable to {made.label}", columns=["rank", "label", "kind", "year", "similarity", "evidence"]
    )
    if audience is not None:
        show_audience(audience, columns=FORECAST, title=f"Audience to expect of {made.label}")
    for note in made.notes:
        say(note)
    if save is not None:
        say(f"wrote {save}; ask more with @{save} in the place of a title")


def _one(file: Path) -> dict[str, Any]:
    rows = read(file)
    if len(rows) != 1:
        raise typer.BadParameter(f"{file} describes {len(rows)} drafts; for many: titlegraph similar WORKSPACE @{file}")
    return rows[0]
