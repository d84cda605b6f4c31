"""How answers reach a person or a program: a table on a terminal, JSON for whoever asks for it."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of `frame` as plain values that JSON can hold; empty cells are None."""
    return [{str(k): plain(v) for k, v in row.items()} for row in frame.to_dict("records")]


def plain(value: Any) -> Any:
    """`value` in types that JSON knows."""
    if isinstance(value, pd.DataFrame):
        return records(value)
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray | list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool) else str(value)


def emit(value: Any) -> None:
    """Print `value` as JSON."""
    json.dump(plain(value), sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")


def show(frame: pd.DataFrame, *, title: str | None = None, columns: Iterable[str] | None = None) -> None:
    """Print `frame` as a table; long cells wrap, numbers stand to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    columns = list(frame.columns if columns is None else columns)
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        numeric = pd.api.types.is_numeric_dtype(frame[name]) and not pd.api.types.is_bool_dtype(frame[name])
        table.add_column(str(name).replace("_", " "), justify="right" if numeric else "left", overflow="fold")
    for row in frame[columns].itertuples(index=False, name=None):
        table.add_row(*(cell(value) for value in row))
    console().print(table)


#: What is shown of audience features, and of the audience to expect.
FEATURES = ["country", "unit", "observed", "comparable_size", "country_mean", "comparables"]
FORECAST = ["country", "unit", "rank", "probability", "expected", "low", "high", "comparables"]


def show_audience(frame: pd.DataFrame, *, columns: Sequence[str], title: str | None = None) -> None:
    """Print audiences: one row a title, country and unit, the first three comparables by name."""
    shown = frame.assign(comparables=frame["comparables"].map(_first_three))
    if frame["title_id"].nunique() > 1:
        columns = ["title", *columns]
    show(shown, title=title, columns=columns)
    if frame["simulated"].any():
        console().print("These audiences are simulated: nobody watched.")


def _first_three(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def cell(value: Any) -> str:
    """One value as a person reads it."""
    value = plain(value)
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e15:
            return f"{int(value):,}" if abs(value) >= 10_000 else str(int(value))
        return f"{value:.3f}" if abs(value) < 100 else f"{value:,.0f}"
    if isinstance(value, list):
        return ", ".join(cell(v) for v in value)
    return str(value)


def console() -> Any:
    """A console that writes plain, unwrapped text where there is no terminal."""
    from rich.console import Console

    return Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 160)


def say(text: str) -> None:
    """A line for people, beside the answer and not in it."""
    print(text, file=sys.stderr, flush=True)
