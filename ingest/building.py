"""From the frames of a publisher to a batch: facts with the entities they name, and what was set apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from ingest.names import clean_label, each
from ingest.reading import concat
from kg.tables import Batch


class BatchBuilder:
    """Collects what an adapter reads, and makes it a batch.

    Frames have the columns of the tables in :mod:`kg.tables` (any of them may be missing but the required ones), and
    should have ``line`` and ``file``, so that a row that is refused later can be found.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._frames: dict[str, list[pd.DataFrame]] = defaultdict(list)
        self._named: list[pd.DataFrame] = []

    def add(self, table: str, frame: pd.DataFrame, path: Path | None = None) -> None:
        """Add rows to facts, entities, titles, audience, viewings or rejected."""
        if len(frame):
            self._frames[table].append(frame if path is None else frame.assign(file=path.name))

    def reject(self, *rejections: pd.DataFrame) -> None:
        """Set rows apart: file, line, reason, row."""
        self.add("rejected", concat(*rejections))

    def relate(
        self,
        frame: pd.DataFrame,
        relation: str,
        tails: str,
        to_id: Callable[[str], str | None],
        *,
        type: str | None = None,
        label: Callable[[str], str] | None = clean_label,
        head: str = "id",
        separator: str | None = None,
        weight: str | None = None,
        path: Path | None = None,
    ) -> pd.Series:
        """Facts from a column of names, and the entities that they name.

        `tails` holds names: one a cell, or several as a list or split at `separator`. `to_id` gives the identifier of
        a name, or None where it names nothing; `type` and `label` describe the entity (neither: only the facts). A
        name that several spellings share keeps the first label. Rows without a head or name make no fact.
        Returns the names [n] that `to_id` made nothing of, at the index of their rows.
        """
        columns = [c for c in (head, tails, "line", weight) if c is not None and c in frame.columns]
        rows = frame[columns]
        if separator is not None:
            rows = rows.assign(**{tails: rows[tails].str.split(separator, regex=False)})
        if rows[tails].dtype == object:
            rows = rows.explode(tails)
        rows = rows[rows[tails].notna() & rows[head].notna()]
        rows = rows.assign(**{tails: rows[tails].astype("str").str.strip()})
        rows = rows[rows[tails] != ""]
        ids = each(rows[tails], to_id)
        known = ids.notna()
        good = rows[known]
        facts = pd.DataFrame({"head": good[head], "relation": relation, "tail": ids[known]})
        if "line" in good:
            facts["line"] = good["line"]
        if weight is not None:
            facts["weight"] = good[weight]
        self.add("facts", facts, path)
        if label is not None or type is not None:
            self.name(ids[known], each(good[tails], label) if label is not None else None, type)
        return rows.loc[~known, tails]

    def name(self, ids: pd.Series, labels: pd.Series | None, type: str | None = None) -> None:
        """Entities [n] that facts mention. Of several labels of one the first stays."""
        if len(ids):
            named = pd.DataFrame({"id": ids, "label": labels if labels is not None else None, "type": type})
            self._named.append(
                named.sort_values("label", key=pd.isna, kind="stable").drop_duplicates("id").sort_index()
            )

    def batch(self) -> Batch:
        """Everything collected."""
        if self._named:
            named = pd.concat(self._named, ignore_index=True)
            named = named.sort_values("label", key=pd.isna, kind="stable").drop_duplicates("id").sort_index()
            declared = [f["id"] for f in self._frames["entities"]]
            if declared:
                named = named[~named["id"].isin(pd.concat(declared))]
            self._frames["entities"].append(named)
            self._named = []
        whole = {table: pd.concat(frames, ignore_index=True) for table, frames in self._frames.items() if frames}
        if "rejected" in whole:
            whole["rejected"] = whole["rejected"].sort_values(["file", "line"], kind="stable", ignore_index=True)
        return Batch(source=self.source, **whole)
