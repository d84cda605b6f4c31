"""When titles launched, as far as that is known: a day, or some day of a year."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.compute as pc

from embeddings.release import Release
from queries.errors import BadQuestion

Dates = npt.NDArray[np.datetime64]


def launches(release: Release) -> tuple[Dates, Dates]:
    """The earliest and the latest day on which each title may have launched, datetime64 [T]; NaT where unknown."""
    table = release.table("titles.parquet", "launch", "year")
    launch = table["launch"].to_numpy().astype("datetime64[D]")
    years = pc.fill_null(table["year"], 0).to_numpy()
    known = years > 0
    first = np.full(len(years), np.datetime64("NaT", "D"))
    last = first.copy()
    starts = (years[known] - 1970).astype("datetime64[Y]")
    first[known], last[known] = starts.astype("datetime64[D]"), (starts + 1).astype("datetime64[D]") - 1
    return np.where(np.isnat(launch), first, launch), np.where(np.isnat(launch), last, launch)


def day(value: object, name: str = "before") -> np.datetime64:
    """A day from a date or its text. Raises :class:`BadQuestion`."""
    try:
        stamp = pd.Timestamp(value)  # type: ignore[arg-type]
        if pd.isna(stamp) or isinstance(value, bool | int | float):
            raise ValueError(value)
        return np.datetime64(stamp.date().isoformat())
    except (ValueError, TypeError, OverflowError) as error:
        raise BadQuestion(f"{name} is {value!r}, but must be a date such as '2022-04-03'.") from error
