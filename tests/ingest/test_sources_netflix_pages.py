"""Netflix pages: one title for all its seasons, and no page for a title that it is not about."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path

import pytest

from ingest.names import normalise_title
from ingest.reading import read_table
from ingest.sources.netflix_pages import ADAPTER
from kg.tables import Batch


@pytest.fixture(scope="module")
def real(shared_data: Path) -> Batch:
    return ADAPTER.read(ADAPTER.recognise(shared_data / "catalogue" / "netflix_pages"))


def tails(batch: Batch, head: str, relation: str) -> set[str]:
    facts = batch.facts
    return set(facts.loc[(facts["head"] == head) & (facts["relation"] == relation), "tail"])


def rejected(batch: Batch) -> dict[str, str]:
    return {
        json.loads(row)["Title"]: why for row, why in zip(batch.rejected["row"], batch.rejected["reason"], strict=True)
    }


def test_a_film(real):
    alive = real.titles.set_index("title").loc["netflix:81240831"]
    assert (alive["kind"], alive["runtime"], alive["launch"]) == ("film", 98, datetime.date(2020, 9, 8))
    assert alive["countries"] == ["KR"]
    assert alive["summary"].startswith("As a grisly virus rampages a city")
    entity = real.entities.set_index("id").loc["netflix:81240831"]
    assert (entity["type"], entity["label"], entity["other_labels"]) == ("Film", "#Alive", ["#살아있다"])
    assert tails(real, "netflix:81240831", "micro_genre") == {"microgenre:zombie-horror"}
    assert tails(real, "netflix:81240831", "has_genre") == {"genre:horror"}
    assert not tails(real, "netflix:81240831", "mood")  # none are given, which says nothing
    assert "person:netflix_pages/yoo-ah-in" in tails(real, "netflix:81240831", "starring")


def test_all_seasons_are_one_title(real):
    crown = real.titles.set_index("title").loc["netflix:80025678"]
    assert (crown["kind"], crown["runtime"], crown["launch"]) == ("series", 57, datetime.date(2016, 11, 4))
    assert (real.entities["label"] == "The Crown").sum() == 1
    assert real.titles["title"].is_unique
    assert not real.entities["label"].str.contains(r": Season \d").any()
    assert real.titles["kind"].value_counts().to_dict() == {"film": 3216, "series": 2176}


def test_moods_and_hints(real):
    assert tails(real, "netflix:81260630", "mood") == {"mood:swoonworthy", "mood:sentimental", "mood:bittersweet"}
    assert tails(real, "netflix:81260630", "adaptation_hint") == {"hint:movies-based-on-books"}
    assert real.facts.loc[real.facts["relation"] == "mood", "tail"].nunique() == 35
    assert (
        not real.facts["tail"]
        .str.startswith("microgenre:")
        .where(real.facts["tail"].str.contains("books"), False)
        .any()
    )


def test_a_page_of_the_wrong_kind_or_country_is_another_titles(real):
    why = rejected(real)
    wrong_kind = "the page is not of the kind of the title, so it is another title's"
    wrong_country = "the page is not from where the title is, so it is another title's"
    assert why["'71"] == wrong_kind  # the page is that of The Blacklist
    assert why["S.W.A.T. (2003)"] == wrong_kind  # of the series
    assert why["Snowpiercer: Season 3"] == wrong_kind  # of the film
    assert why["Squid Game: Season 1 // 오징어 게임: 시즌 1"] == wrong_country  # of the American contest
    labels = real.entities.set_index("id")["label"]
    assert "netflix:70270364" in labels.index or "Snowpiercer" not in set(labels)


def test_a_page_of_several_titles_goes_to_the_one_that_can_be_told(real):
    why = rejected(real)
    assert why["Alive (1993)"] == "the page is rather that of #Alive"
    assert why["Another: Season 1"] == "the page is rather that of Another Life"
    assert why["Knives Out"] == "the page is rather that of Glass Onion: A Knives Out Mystery"
    several = "the page is given for several titles, and nothing tells whose it is"
    assert why["Hellboy (2004)"] == why["Hellboy (2019)"] == several
    assert not {"Hellboy", "Alive", "Knives Out"} & set(real.entities.loc[real.entities["type"] == "Film", "label"])


def test_what_is_kept_agrees_with_netflixs_own_list(real, shared_data):
    """Where a plot is word for word a description in the catalogue list, the two are of one title."""
    table = read_table(shared_data / "catalogue" / "netflix_titles" / "netflix_titles.csv", required=("title",)).frame
    described = {re.sub(r"\W", "", d.lower()): t for d, t in zip(table["description"], table["title"], strict=True)}
    labels = real.entities.set_index("id")["label"]
    pairs = [
        (labels[id], described[key])
        for id, plot in zip(real.titles["title"], real.titles["summary"].fillna(""), strict=True)
        if (key := re.sub(r"\W", "", plot.lower())) in described
    ]
    same = [normalise_title(mine) == normalise_title(theirs) for mine, theirs in pairs]
    assert len(pairs) > 2900
    assert sum(same) / len(same) > 0.96  # most of the others are spelled another way


PAGES = """Title,Cleaned,Date,URL,Duration,Genre,Genres,Tags,Plot,Starring,Creators,Cast
Good: Season 1,,01/02/2020,https://www.netflix.com/title/1?src=x,1 Season-35m Episodes,Drama,['TV Dramas'],[],,,A B,[]
Good: Season 2,,3/4/21,https://www.netflix.com/title/1,1 Season-35m Episodes,Drama,['TV Dramas'],[],,,A B,[]
Nowhere,,,,1h,Drama,[],[],,,,[]
Kids,,,https://www.netflix.com/title/2,1h,Drama,Kids,[],,,,[]
,,,https://www.netflix.com/title/3,1h,Drama,[],[],,,,[]
"""


def test_rows_that_are_no_page_are_set_apart(tmp_path):
    (tmp_path / "netflix_pages.csv").write_text(PAGES, encoding="utf-8")
    batch = ADAPTER.read(ADAPTER.recognise(tmp_path))
    assert batch.titles[["title", "kind", "runtime", "launch"]].values.tolist() == [
        ["netflix:1", "series", 35.0, datetime.date(2020, 1, 2)]
    ]
    assert tails(batch, "netflix:1", "written_by") == {"person:netflix_pages/a-b"}
    assert batch.rejected[["line", "reason"]].values.tolist() == [
        [4, "the address is not that of a title on Netflix"],
        [5, "Genres is not a list"],
        [6, "there is no title"],
    ]
