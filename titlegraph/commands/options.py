"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

WorkspacePath = Annotated[Path, typer.Argument(help="The folder of the workspace.", show_default=False)]
Space = Annotated[Path, typer.Argument(help="A workspace, or the folder of a release.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Strict = Annotated[bool, typer.Option("--strict", help="Take nothing in if any row is bad.")]
Count = Annotated[int, typer.Option("-k", help="How many.")]
Countries = Annotated[
    list[str], typer.Option("--country", "-c", help="Only there: a code or a name; repeat for several.")
]
Tags = Annotated[list[str], typer.Option(help="A tag to be added or taken away: dark, or mood=dark. Repeatable.")]


def facts(given: list[str]) -> list[tuple[str, str | None]]:
    """`mood=dark` as a pair; the second is None without an equals sign."""
    parts = [text.partition("=") for text in given]
    return [(name.strip(), value.strip() if sign else None) for name, sign, value in parts]


def wishes(given: list[str]) -> list[str | dict[str, str]]:
    """`dark` as a name, `mood=dark` as a name with its relation."""
    return [name if value is None else {name: value} for name, value in facts(given)]


def views(given: list[str]) -> str | list[str] | dict[str, float]:
    """`graph` as one view, several as a list, `graph=0.3` as weights."""
    pairs = facts(given)
    if all(value is None for _, value in pairs):
        return given[0] if len(given) == 1 else given
    try:
        return {name: 1.0 if value is None else float(value) for name, value in pairs}
    except ValueError:
        raise typer.BadParameter(f"{' '.join(given)} are no weights such as graph=0.3 theme=0.7") from None
