"""Where the sources' own identities contradict each other; for a person to look at, for nothing is undone here."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ingest.resolution.evidence import Evidence
from ingest.resolution.things import ONE_EACH

#: Films whose sources give years this far apart may be two films under one identifier.
YEARS_APART = 2


def find(evidence: Evidence) -> pd.DataFrame:
    """Things that identifiers say are one although something speaks against it: ids (joined by spaces), why."""
    things = evidence.things
    members = things.members
    spaced = members[members["prefix"].isin(ONE_EACH)]
    several = spaced[spaced.duplicated(["thing", "prefix"], keep=False)]
    twice = _listed(several, "several identifiers of " + several["prefix"])

    films = things.of_type("Film")
    years = evidence.years[evidence.years["thing"].isin(films)].groupby("thing")["year"].agg(["min", "max"])
    years = years[years["max"] - years["min"] > YEARS_APART]
    span = "years " + years["min"].astype(str) + " and " + years["max"].astype(str)
    dated = members[members["thing"].isin(years.index)]

    kinds = np.intersect1d(films, things.of_type("Series"))
    mixed = members[members["thing"].isin(kinds)]
    both = pd.Series("a film and a series", index=mixed.index)
    return pd.concat([twice, _listed(dated, dated["thing"].map(span)), _listed(mixed, both)], ignore_index=True)


def _listed(members: pd.DataFrame, why: pd.Series) -> pd.DataFrame:
    """The identifiers of each thing and why it is listed."""
    joined = members.assign(why=why).groupby(["thing", "why"])["id"].agg(" ".join).reset_index()
    return joined.rename(columns={"id": "ids"})[["ids", "why"]]
