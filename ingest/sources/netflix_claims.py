"""Which of the rows that name a Netflix page are right about it.

The pages were found by searching for titles, so a title that was not on offer got the page of another one: "'71" that
of The Blacklist. A page describes what is at its own address; what may be wrong is the title beside it. Rows that can't
be right are told by four signs, each read from the row itself or from the other rows of its page.
"""

from __future__ import annotations

import re

import pandas as pd

from ingest.sources.common import reasons

#: What the genres of a page must name for a title in each script to be its title.
_SCRIPTS = {
    "[\uac00-\ud7af]": "Korean|K-Drama",
    "[\u3040-\u30ff]": "Japanese|Anime",
    "[\u4e00-\u9fff]": "Chinese|Taiwanese|Hong Kong|Japanese|Anime|Singaporean|Malaysian",
    "[\u0e00-\u0e7f]": "Thai",
    "[\u0600-\u06ff]": "Middle Eastern|Egyptian|Saudi|Lebanese|Jordanian|Kuwaiti|Emirati",
    "[\u0900-\u0d7f]": "Indian|Bollywood|-Language",
    "[\u0400-\u04ff]": "Russian|Ukrainian",
    "[\u0590-\u05ff]": "Israeli",
}
_FOREIGN = re.compile(r"African|Nollywood|Bollywood|Middle Eastern|Scandinavian|Chinese|Anime|K-Drama|-Language")
_DOCUMENTARY = re.compile(r"Docs|Docu|Documentar")

WRONG_KIND = "the page is not of the kind of the title, so it is another title's"
WRONG_COUNTRY = "the page is not from where the title is, so it is another title's"
SEVERAL = "the page is given for several titles, and nothing tells whose it is"
ANOTHER = "the page is rather that of "


def faults(rows: pd.DataFrame) -> pd.Series:
    """Why each row [n] is not about its page; "" where nothing speaks against it.

    Columns of `rows`: page (its id), titles (all that stands in the column of titles), name and year (of the title),
    folded (name and year made comparable), original (a foreign title beside it), season (its number, 0 for a limited
    series, missing where none is named), page_kind (film, series or missing), page_seasons, genres (lists of text),
    countries (lists or None), date (of release on Netflix; missing for most titles that Netflix only licensed).
    """
    fault = reasons(rows, (_wrong_kind(rows), WRONG_KIND), (_wrong_country(rows), WRONG_COUNTRY))
    left = rows[fault == ""]
    spellings = left.groupby(["page", "folded"], sort=False).agg(
        name=("name", "first"),
        dated=("date", "count"),
        last_season=("season", "max"),
        page_seasons=("page_seasons", "first"),
    )
    crowded = spellings[spellings.index.get_level_values("page").duplicated(keep=False)]
    for page, claims in crowded.groupby(level="page", sort=False):
        here = left.index[left["page"] == page]
        owner = _owner(claims)
        if owner is None:
            fault[here] = SEVERAL
        else:
            others = here[left.loc[here, "folded"] != owner[1]]
            fault[others] = f"{ANOTHER}{claims['name'][owner]}"
    return fault


def _wrong_kind(rows: pd.DataFrame) -> pd.Series:
    """A season on the page of a film; or what has no season, as films have none, on that of a series with several.

    A year after a name tells a film from its namesakes, or a series whose season is named too. Some series with a
    single season are named without it: those of Asian makers, and some that Netflix released, which have a date.
    """
    of_season = rows["season"].notna()
    plain = rows["date"].isna() & ~rows["titles"].str.contains("|".join(_SCRIPTS))
    of_film = ~of_season & ((rows["page_seasons"] > 1) | rows["year"].notna() | plain)
    return (of_season & (rows["page_kind"] == "film")) | (of_film & (rows["page_kind"] == "series"))


def _wrong_country(rows: pd.DataFrame) -> pd.Series:
    """A foreign title on a page whose genres name no such country or language, as those of foreign titles do.

    Documentaries are the exception, so those that Netflix itself released, which have a date, pass.
    """
    genres = rows["genres"].map("|".join)
    foreign = rows["countries"].notna() | genres.str.contains(_FOREIGN)
    netflix_own = rows["date"].notna()
    wrong = rows["original"].notna() & ~foreign & ~netflix_own
    for script, asked in _SCRIPTS.items():
        here = rows["titles"].str.contains(script) & ~rows["titles"].str.contains(
            "[\u3040-\u30ff]" if "\u4e00" in script else "$^"
        )
        exempt = netflix_own & genres.str.contains(_DOCUMENTARY)
        wrong |= here & ~genres.str.contains(asked) & ~exempt
    return wrong


def _owner(claims: pd.DataFrame) -> tuple[str, str] | None:
    """The index of the one claim that the others are mistaken for, if it can be told.

    A title that Netflix released has its page for certain, while the page of another is what was found instead; and of
    several series the one with more seasons than the others, and no more than the page has, is meant.
    """
    dated = claims.index[claims["dated"] > 0]
    if len(dated) == 1:
        return dated[0]
    seasons = claims["last_season"].fillna(0)
    most = claims.index[seasons == seasons.max()]
    if len(most) == 1 and 2 <= seasons.max() <= claims["page_seasons"].iloc[0]:
        return most[0]
    return None
