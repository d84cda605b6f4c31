"""Audiences over time: what each title had, period by period, as the charts say it."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from embeddings.audiences import country_code
from embeddings.catalogue import Catalogue
from embeddings.release_writer import ReleaseWriter

_PERIODS = pa.schema(
    [
        ("title", pa.int32()),
        ("country", pa.string()),
        ("unit", pa.string()),
        ("start", pa.date32()),
        ("size", pa.float32()),
        ("simulated", pa.bool_()),
    ]
)


def periods(catalogue: Catalogue, audience: pd.DataFrame) -> pd.DataFrame:
    """Sizes with a period: title (position), country, unit, start, size, simulated; by unit, country, start and title.

    Seasons of a series that are measured apart add up; of sources that measure the same thing the largest counts.
    """
    frame = audience.assign(title=catalogue.positions(audience["title"]), country=audience["country"].map(country_code))
    frame = frame[frame["title"].between(0, catalogue.num_titles - 1) & frame["period_start"].notna()]
    by = ["title", "country", "unit", "start"]
    frame = frame.assign(start=pd.to_datetime(frame["period_start"]))
    sums = frame.groupby([*by, "source"]).agg(size=("size", "sum"), simulated=("simulated", "any")).reset_index()
    sums = sums.sort_values("size", ascending=False, kind="stable").drop_duplicates(by)
    return sums.sort_values(["unit", "country", "start", "title"], ignore_index=True)[_PERIODS.names]


def write_periods(out: ReleaseWriter, table: pd.DataFrame) -> None:
    """trends/periods.parquet, as :func:`periods` makes it."""
    out.table("trends/periods.parquet", pa.Table.from_pandas(table, schema=_PERIODS, preserve_index=False, safe=False))
