"""Data frames as the client wants them: JSON, CSV or an Arrow stream."""

from __future__ import annotations

import io
import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
from starlette.responses import Response

JSON, CSV, ARROW = "application/json", "text/csv", "application/vnd.apache.arrow.stream"

#: Columns that hold more than a cell can: in JSON alone.
NESTED = ("facets",)


def preferred(accept: str) -> str:
    """The media type that an Accept header asks for; JSON where it asks for none of the three."""
    wanted: list[tuple[float, str]] = []
    for part in accept.split(","):
        name, _, parameters = part.strip().partition(";")
        quality = 1.0
        for parameter in parameters.split(";"):
            key, _, value = parameter.strip().partition("=")
            if key == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = 0.0
        if name.strip() in (JSON, CSV, ARROW) and quality > 0:
            wanted.append((quality, name.strip()))
    return max(wanted, key=lambda pair: pair[0])[1] if wanted else JSON


def respond(frame: pd.DataFrame, accept: str) -> Response:
    """`frame` as a response. In JSON its rows are `data`, beside `note` if there is one."""
    kind = preferred(accept)
    if kind == JSON:
        return _json(rows(frame), frame)
    frame = frame.drop(columns=[name for name in NESTED if name in frame])
    if kind == CSV:
        return Response(_flat(frame).to_csv(index=False), media_type=CSV)
    sink = io.BytesIO()
    data = pa.Table.from_pandas(frame, preserve_index=False)
    with pa.ipc.new_stream(sink, data.schema) as writer:
        writer.write_table(data)
    return Response(sink.getvalue(), media_type=ARROW)


def respond_each(frame: pd.DataFrame) -> list[Response]:
    """What was found for several, in JSON: a response for each `query` of which there is a row, in their order."""
    starts = np.flatnonzero(frame["rank"].to_numpy() == 1).tolist()
    lines = rows(frame.drop(columns="query"), lines=True).split("\n")
    return [_json(f"[{','.join(lines[a:b])}]", frame) for a, b in pairwise([*starts, len(frame)])]


def rows(frame: pd.DataFrame, *, lines: bool = False) -> str:
    """The rows of `frame` as JSON, as a list or a line each; empty cells are null, dates ISO 8601."""
    return frame.to_json(
        orient="records", date_format="iso", date_unit="s", double_precision=6, force_ascii=False, lines=lines
    )


def _json(data: str, frame: pd.DataFrame) -> Response:
    note = frame.attrs.get("note")
    more = f',"note":{json.dumps(note, ensure_ascii=False)}' if note else ""
    return Response(f'{{"data":{data}{more}}}', media_type=JSON)


def text(value: object) -> str:
    """Plain values as JSON; what JSON has no word for, such as a date, is text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str, allow_nan=False)


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """Lists as text, and no cell that a spreadsheet would run as a formula."""
    flat = frame.copy()
    for name in flat.columns:
        if flat[name].dtype == object:
            flat[name] = flat[name].map(lambda v: "; ".join(map(str, v)) if isinstance(v, list | tuple) else v)
        if flat[name].dtype == object or pd.api.types.is_string_dtype(flat[name]):
            flat[name] = flat[name].map(lambda v: "'" + v if isinstance(v, str) and v[:1] in "=+-@\t\r" else v)
    return flat
