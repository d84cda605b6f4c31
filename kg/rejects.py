"""Rows that can't be taken in, with where they stood and why."""

from __future__ import annotations

import json
from datetime import datetime

import pyarrow as pa

from kg.keys import Flags, first_of_each, pack
from kg.tables import REJECTED


class Rejects:
    """Rows set apart, with the source, file and line they came from and the reason."""

    def __init__(self, source: str, now: datetime) -> None:
        self._source, self._now = source, now
        self._tables: list[pa.Table] = []

    def add(self, rows: pa.Table, bad: Flags, reasons: pa.Array | str) -> None:
        """Set `rows` [n] apart where `bad`; `reasons` is one for all, or an array [n]."""
        if not bad.any():
            return
        mask = pa.array(bad)
        picked = rows.filter(mask)
        shown = [c for c in picked.column_names if c not in ("line", "file", "source", "learnt_at", "row", "same_as")]
        texts = [
            json.dumps({k: v for k, v in row.items() if v is not None}, ensure_ascii=False, default=str)
            for row in picked.select(shown).to_pylist()
        ]
        why = [reasons] * picked.num_rows if isinstance(reasons, str) else reasons.filter(mask)
        self._tables.append(
            pa.table(
                {
                    "source": pa.repeat(self._source, picked.num_rows),
                    "file": picked["file"] if "file" in picked.column_names else pa.nulls(picked.num_rows, pa.string()),
                    "line": picked["line"] if "line" in picked.column_names else pa.nulls(picked.num_rows, pa.int64()),
                    "reason": pa.array(why, pa.string()) if isinstance(why, list) else why,
                    "row": pa.array(texts, pa.string()),
                    "seen_at": pa.repeat(pa.scalar(self._now, REJECTED.schema.field("seen_at").type), picked.num_rows),
                },
                schema=REJECTED.schema,
            )
        )

    def take(self, rows: pa.Table) -> None:
        """Add rows that were set apart before they came here."""
        self._tables.append(rows.select(REJECTED.schema.names).cast(REJECTED.schema))

    def table(self) -> pa.Table:
        whole = pa.concat_tables([REJECTED.schema.empty_table(), *self._tables])
        return whole.filter(pa.array(first_of_each(pack(whole, REJECTED.key))))
