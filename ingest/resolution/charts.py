"""Titles of the Netflix charts: a name and a kind, and nothing else but when and where it was watched.

A name alone is weak: the charts cover ninety countries, the catalogues at hand one. So a chart title is joined only to
the one title of its name that stands out: it is known to be on Netflix, or widely seen elsewhere, and was released, and
made, where and when it should have been.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ingest.resolution.decisions import ACCEPT, CONSIDER, MARGIN
from ingest.resolution.evidence import Evidence
from ingest.resolution.things import Things
from kg.keys import Ints

SPACE = "netflixchart"
#: Bits for a title of the same name and kind as one in a chart.
ON_NETFLIX = 6.0
RELEASED_THEN, RELEASED_LATER = 8.0, -10.0
SAME_YEAR, OTHER_YEAR = 6.5, -7.0
NEW, OLD, SHORT = 3.0, -3.0, -4.5
#: A film that is only known to be on Netflix, has a short name and did not chart where it was made: what charts
#: abroad is mostly a namesake.
FAR_FROM_HOME = -4.5
SEEN_BY_MANY, SEEN_BY_SOME, SEEN_BY_FEW, LONG_NAME = 6.5, 5.5, 3.0, 2.5
#: Viewers, in the ratings at hand, that make many, some and few; a film of these years had less time to be rated.
MANY, SOME, FEW, LATE = 10, 3, 1, 2015
#: Films before these years are hardly ever licensed; what charts under their name is a remake.
OLD_IF_UNSEEN, OLD_IF_NOT_ON_NETFLIX = 2000, 1990
#: Minutes from which a film is more than a short one; makers whose titles are watched everywhere alike.
FEATURE, EVERYWHERE = 40, ("US", "GB")
_ARTICLES = r"^(?:the|an?) "


def chart_things(things: Things) -> Ints:
    """int64 [n]: the titles that a chart names, and nobody else."""
    others = things.members.loc[things.members["prefix"] != SPACE, "thing"]
    return np.setdiff1d(things.in_spaces(SPACE), others.unique())


def match(evidence: Evidence) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Join chart titles to the one title that they can mean; the pairs joined, and the ambiguous ones."""
    groups = evidence.things.groups
    pairs = candidates(evidence)
    pairs = pairs[pairs["bits"] >= CONSIDER].sort_values(["bits", "a", "b"], ascending=[False, True, True])
    best = pairs.drop_duplicates("a")
    second = pairs[pairs.duplicated("a")].drop_duplicates("a").set_index("a")["bits"]
    lead = best["bits"] - best["a"].map(second).fillna(-np.inf)
    chosen = best[(best["bits"] >= ACCEPT) & (lead > MARGIN)]
    joined = np.zeros(len(chosen), dtype=bool)
    for i, (a, b) in enumerate(zip(chosen["a"].tolist(), chosen["b"].tolist(), strict=True)):
        if not groups.clash(a, b):  # two charted names of one title would be two titles
            groups.join(a, b)
            joined[i] = True
    return chosen[joined], pairs[~pairs["a"].isin(chosen["a"])]


def candidates(evidence: Evidence) -> pd.DataFrame:
    """Pairs of a chart title and a group of titles of its name and kind: a, b (one of the group), bits, evidence."""
    things = evidence.things
    charted, roots = chart_things(things), things.groups.roots()
    names = evidence.names
    here = names[names["thing"].isin(charted)].rename(columns={"thing": "a"})
    there = names[~names["thing"].isin(charted)].rename(columns={"thing": "b"})
    there["group"] = roots[there["b"].to_numpy()]
    pairs = here.merge(there, on="key").sort_values("b").drop_duplicates(["a", "group"])
    pairs = pairs[~things.groups.clashes(pairs["a"].to_numpy(), pairs["group"].to_numpy())].reset_index(drop=True)
    pairs = pairs.join(_charted(things), on="a").join(_own_years(evidence), on="a")
    pairs = pairs.join(_known(evidence, charted, roots), on="group").join(_at_home(evidence, pairs, roots))

    film = ~pairs["a"].isin(things.of_type("Series"))
    year, viewers, on_netflix = pairs["last_year"], pairs["viewers"], pairs["on_netflix"]
    elsewhere = film & ~on_netflix
    words_in_name = pairs["key"].str.replace(_ARTICLES, "", regex=True).str.count(" ") + 1
    then = (pairs["launch"] - pairs["first"]).dt.days.between(-10, 6)
    age = pairs["first"].dt.year - year
    many = viewers >= MANY
    some = ~many & ((viewers >= SOME) | ((viewers >= FEW) & (year >= LATE)))
    few = ~many & ~some & (viewers >= FEW)
    unseen = viewers < np.where(on_netflix, SOME, MANY)
    old = (elsewhere & (year < OLD_IF_NOT_ON_NETFLIX)) | (unseen & (year < OLD_IF_UNSEEN))
    abroad = film & on_netflix & ~then & (pairs["at_home"] == 0) & (viewers < SOME) & (words_in_name < 3)
    signs = {
        "on Netflix": (on_netflix, ON_NETFLIX),
        "released on Netflix when it began to chart": (then, RELEASED_THEN),
        "released on Netflix after the charts": (pairs["launch"] > pairs["last"], RELEASED_LATER),
        "released after the charts": (pairs["first_year"] > pairs["last"].dt.year, RELEASED_LATER),
        "of the year in the chart": (pairs["own_year"] == pairs["first_year"], SAME_YEAR),
        "of another year than in the chart": ((pairs["own_year"] - pairs["first_year"]).abs() > 1, OTHER_YEAR),
        "new": (film & age.between(-1, 1), NEW),
        "seen by many": (elsewhere & many, SEEN_BY_MANY),
        "seen by some": (elsewhere & some, SEEN_BY_SOME),
        "seen by few": (elsewhere & few, SEEN_BY_FEW),
        "long name": (elsewhere & (words_in_name > 2), LONG_NAME),
        "old": (film & old, OLD),
        "a short film": (film & ~then & (pairs["runtime"] < FEATURE), SHORT),
        "not in the charts at home": (abroad, FAR_FROM_HOME),
    }
    bits, words = np.zeros(len(pairs)), pd.Series("same name", index=pairs.index)
    for text, (holds, score) in signs.items():
        bits += holds.to_numpy(dtype=bool) * score
        words = words.mask(holds, words + ", " + text)
    return pairs[["a", "b"]].assign(bits=bits, evidence=words)


def _charts(things: Things) -> pa.Table:
    """Where and when titles were in the charts: thing, country, first, last."""
    of_charts = pc.starts_with(pc.field("title"), f"{SPACE}:")
    columns = ["title", "country", "period_start", "period_end"]
    rows = things.kg.dataset("audience").to_table(columns=columns, filter=of_charts)
    return rows.set_column(0, "thing", [things.number(rows["title"])]).rename_columns(
        ["thing", "country", "first", "last"]
    )


def _charted(things: Things) -> pd.DataFrame:
    """When a title was in the charts: first and last day; index: the thing."""
    spans = _charts(things).group_by("thing").aggregate([("first", "min"), ("last", "max")]).to_pandas()
    first, last = pd.to_datetime(spans["first_min"]), pd.to_datetime(spans["last_max"])
    return pd.DataFrame({"thing": spans["thing"], "first": first, "last": last}).set_index("thing")


def _own_years(evidence: Evidence) -> pd.Series:
    """The year that stands in brackets after a chart title's name; index: the thing."""
    years = evidence.years[evidence.years["thing"].isin(chart_things(evidence.things))]
    return years.groupby("thing")["year"].min().rename("own_year")


def _known(evidence: Evidence, charted: Ints, roots: Ints) -> pd.DataFrame:
    """What is known of a group of titles: on_netflix, launch (on Netflix), runtime, first_year, last_year, viewers;
    index: its root."""
    things = evidence.things
    known = pd.DataFrame(index=np.unique(roots))
    known["on_netflix"] = known.index.isin(roots[evidence.on_netflix])

    def by_group(rows: pd.DataFrame, column: str) -> pd.api.typing.SeriesGroupBy[Any, Any]:
        return rows[column].groupby(roots[rows["thing"].to_numpy()])

    pages = things.titles[things.titles["title"].str.startswith("netflix:")]
    pages = pages.assign(launch=pd.to_datetime(pages["launch"]))
    known["launch"] = by_group(pages, "launch").min()
    known["runtime"] = by_group(things.titles, "runtime").max()
    years = by_group(evidence.years[~evidence.years["thing"].isin(charted)], "year")
    known["first_year"], known["last_year"] = years.min(), years.max()
    viewings = things.kg.dataset("viewings").to_table(columns=["title"], filter=~pc.field("simulated"))
    watched = things.number(viewings["title"])
    known["viewers"] = pd.Series(roots[watched]).value_counts()
    return known.fillna({"viewers": 0})


def _at_home(evidence: Evidence, pairs: pd.DataFrame, roots: Ints) -> pd.Series:
    """In how many of its countries of production the title of each pair charted; missing where none of them is known,
    or has charts, and for those who are watched everywhere."""
    charts = _charts(evidence.things).group_by(["thing", "country"]).aggregate([]).to_pandas()
    made = evidence.countries.rename(columns={"key": "country"})
    made = made.assign(group=roots[made["thing"].to_numpy()])[["group", "country"]].drop_duplicates()
    everywhere = made.loc[made["country"].isin(EVERYWHERE), "group"]
    made = made[made["country"].isin(charts["country"].unique()) & ~made["group"].isin(everywhere)]
    homes = pairs[["a", "group"]].reset_index(names="pair").merge(made, on="group")
    hit = homes.merge(charts, left_on=["a", "country"], right_on=["thing", "country"], how="left")["thing"].notna()
    return hit.groupby(homes["pair"]).sum().rename("at_home")
