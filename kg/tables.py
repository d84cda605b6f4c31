"""The tables of a workspace: their columns, and how a frame becomes one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kg.errors import BadFrame

Frame: TypeAlias = pd.DataFrame | pa.Table

_S, _STRINGS = pa.string(), pa.list_(pa.string())
_WHEN = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSpec:
    """One table: its columns, which of them identify a row, and what is filled in when a frame lacks a column.

    `stamp` is the column, if any, that keeps when a row was first taken in.
    """

    name: str
    schema: pa.Schema
    key: tuple[str, ...]
    required: tuple[str, ...]
    defaults: dict[str, Any]
    stamp: str | None = None


def _spec(
    name: str, columns: dict[str, pa.DataType], key: str, required: str, stamp: str | None = None, **defaults: Any
) -> TableSpec:
    return TableSpec(
        name=name,
        schema=pa.schema(list(columns.items())),
        key=tuple(key.split()),
        required=tuple(required.split()),
        defaults=defaults,
        stamp=stamp,
    )


#: A fact as its source states it: identifiers are the source's own; reading maps them to canonical ones.
FACTS = _spec(
    "facts",
    {
        "head": _S,
        "relation": _S,
        "tail": _S,
        "source": _S,
        "weight": pa.float32(),
        "valid_from": pa.date32(),
        "learnt_at": _WHEN,
    },
    key="head relation tail source",
    required="head relation tail",
    stamp="learnt_at",
    weight=1.0,
)
#: Row numbers are given once and never change; `same_as` names the canonical entity of an alias.
ENTITIES = _spec(
    "entities",
    {"id": _S, "row": pa.int64(), "type": _S, "label": _S, "other_labels": _STRINGS, "source": _S, "same_as": _S},
    key="id",
    required="id",
)
#: What one source says of one work; kind is film, series or book, runtime in minutes.
TITLES = _spec(
    "titles",
    {
        "title": _S,
        "kind": _S,
        "year": pa.int32(),
        "launch": pa.date32(),
        "runtime": pa.float32(),
        "countries": _STRINGS,
        "languages": _STRINGS,
        "summary": _S,
        "source": _S,
    },
    key="title source",
    required="title",
)
#: How large an audience was: `unit` says of what, `period_start` to `period_end` (both included) when, `part` of what
#: part of the title (a season), `simulated` whether nobody really watched.
AUDIENCE = _spec(
    "audience",
    {
        "title": _S,
        "country": _S,
        "size": pa.float64(),
        "unit": _S,
        "period_start": pa.date32(),
        "period_end": pa.date32(),
        "part": _S,
        "simulated": pa.bool_(),
        "source": _S,
    },
    key="title country unit period_start period_end part source",
    required="title country size unit",
    simulated=False,
)
VIEWINGS = _spec(
    "viewings",
    {"viewer": _S, "title": _S, "weight": pa.float32(), "time": _WHEN, "simulated": pa.bool_(), "source": _S},
    key="viewer title time source",
    required="viewer title",
    weight=1.0,
    simulated=False,
)
#: What could not be taken in, with where it stood and why.
REJECTED = _spec(
    "rejected",
    {"source": _S, "file": _S, "line": pa.int64(), "reason": _S, "row": _S, "seen_at": _WHEN},
    key="source file line reason row",
    required="reason",
    stamp="seen_at",
)

SPECS = {spec.name: spec for spec in (FACTS, ENTITIES, TITLES, AUDIENCE, VIEWINGS, REJECTED)}


def conform(spec: TableSpec, frame: Frame, *, encoded: tuple[str, ...] = (), **fill: Any) -> pa.Table:
    """Bring `frame` to the columns and types of `spec`, and keep its ``line`` and ``file`` columns if it has them.

    `fill` gives values for columns that the frame lacks or leaves empty; `encoded` names text columns to give as
    dictionaries. Raises :class:`BadFrame` for a missing required column, an unknown column, a value that can't be cast,
    or an empty cell in a required column.
    """
    table = frame if isinstance(frame, pa.Table) else _from_pandas(spec, frame)
    extra = [c for c in ("line", "file") if c in table.column_names and c not in spec.schema.names]
    if missing := [c for c in spec.required if c not in table.column_names]:
        raise BadFrame(f"{spec.name}: column {missing[0]!r} is missing; it needs {', '.join(spec.required)}.")
    if unknown := [c for c in table.column_names if c not in spec.schema.names and c not in extra]:
        raise BadFrame(f"{spec.name}: no column is called {unknown[0]!r}; it has {', '.join(spec.schema.names)}.")
    values = spec.defaults | fill
    columns = {}
    for column in spec.schema:
        if column.name in table.column_names:
            array = _cast(spec, table[column.name], column, keep=column.name in encoded)
            if array.null_count and values.get(column.name) is not None:
                array = pc.fill_null(array, pa.scalar(values[column.name], column.type))
        else:
            array = pa.repeat(pa.scalar(values.get(column.name), column.type), table.num_rows)
        if column.name in spec.required and array.null_count:
            where = pc.index(pc.is_null(array), True).as_py()
            raise BadFrame(f"{spec.name}: row {where} has no {column.name!r}.")
        if column.name in encoded and not pa.types.is_dictionary(array.type):
            array = array.dictionary_encode()
        columns[column.name] = array
    for name in extra:
        columns[name] = table[name].cast(pa.int64() if name == "line" else _S)
    return pa.table(columns)


def _from_pandas(spec: TableSpec, frame: pd.DataFrame) -> pa.Table:
    arrays = {}
    for name in frame.columns:
        wanted = spec.schema.field(name).type if name in spec.schema.names else None
        try:
            arrays[str(name)] = pa.Array.from_pandas(frame[name], type=wanted)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            try:
                arrays[str(name)] = pa.Array.from_pandas(frame[name])
            except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
                raise BadFrame(f"{spec.name}: column {name!r} mixes types: {error}") from error
    return pa.table(arrays)


def _cast(
    spec: TableSpec, array: pa.ChunkedArray | pa.Array, column: pa.Field, *, keep: bool
) -> pa.ChunkedArray | pa.Array:
    """`array` in the type of `column`; `keep` leaves a dictionary without empty cells one."""
    if array.type == column.type:
        return array
    if keep and array.type == pa.dictionary(pa.int32(), column.type) and not array.null_count:
        return array
    try:
        if pa.types.is_date(column.type) and pa.types.is_timestamp(array.type):
            array = pc.floor_temporal(array, unit="day")
        return array.cast(column.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise BadFrame(f"{spec.name}: column {column.name!r} can't be read as {column.type}: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one source brings: frames with (some of) the columns of the tables above.

    `source` fills the source column. Frames may carry ``line`` and ``file`` columns, which are quoted for rows that
    are rejected later. Identities between identifiers are facts of the relation ``same_as``.
    """

    source: str
    facts: Frame | None = None
    entities: Frame | None = None
    titles: Frame | None = None
    audience: Frame | None = None
    viewings: Frame | None = None
    rejected: Frame | None = None


#: Attributes of :class:`Batch`, in the order in which they are taken in.
PARTS = ("entities", "facts", "titles", "audience", "viewings", "rejected")
