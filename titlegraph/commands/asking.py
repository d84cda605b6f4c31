"""What a command is asked about: titles by name, and drafts that files describe."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from queries.errors import BadQuestion

if TYPE_CHECKING:
    from queries.drafts import Draft
    from queries.space import TitleSpace

_HELP = "its label, another of its labels, or its identifier; or @FILE, drafts that a JSON or CSV file describes."
Name = Annotated[str, typer.Argument(help=f"A title: {_HELP}", show_default=False)]
Names = Annotated[list[str], typer.Argument(help=f"Titles, each {_HELP}", show_default=False)]

#: Cells of a CSV file that hold several things, with | between them.
_LISTS, _PAIRS = ("countries", "languages"), ("tags", "people", "facts")


def several(space: TitleSpace, names: list[str]) -> str | Draft | list[str | Draft]:
    """What all `names` mean: one title or draft, or a list of them."""
    found = [each for name in names for each in _named(space, name)]
    return found[0] if len(found) == 1 else found


def _named(space: TitleSpace, name: str) -> list[str] | list[Draft]:
    if not name.startswith("@") or len(name) == 1:
        return [name]
    import pandas as pd

    return space.drafts(pd.DataFrame(read(Path(name[1:])), dtype=object))


def read(path: Path) -> list[dict[str, Any]]:
    """The descriptions of a file: an object, a list of them or one a line (JSON), or one a row (CSV)."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".csv":
            found: Any = [_cells(row) for row in csv.DictReader(text.splitlines(keepends=True))]
        else:
            found = _json(text)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, csv.Error) as error:
        raise BadQuestion(f"{path} can't be read as drafts: {error}.") from None
    rows = [found] if isinstance(found, dict) else found
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise BadQuestion(f'{path} describes no draft: write an object such as {{"tags": ["heist"]}}')
    return rows


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2:
            raise
        return [json.loads(line) for line in lines]


def _cells(row: dict[str | None, Any]) -> dict[str, Any]:
    """The cells that say something; those that hold several things as lists."""
    said: dict[str, Any] = {}
    for name, value in row.items():
        if name is None or not isinstance(value, str) or not value.strip():
            continue
        parts = [part.strip() for part in value.split("|") if part.strip()]
        said[name] = [pair(part) for part in parts] if name in _PAIRS else parts if name in _LISTS else value
    return said


def pair(text: str) -> str | tuple[str, str]:
    """`based_on=book:dracula` as a pair of a relation and what it leads to; text without an equals sign as it is."""
    relation, sign, what = text.partition("=")
    return (relation.strip(), what.strip()) if sign else text
