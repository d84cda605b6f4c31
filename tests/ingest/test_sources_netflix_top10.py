"""Netflix Top 10: ranks become audiences, and only where a chart says so."""

from __future__ import annotations

import csv
import datetime
from collections import Counter
from pathlib import Path

import pytest

from ingest.sources.netflix_top10 import ADAPTER, UNIT
from kg.tables import Batch


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "catalogue" / "netflix_top10"


@pytest.fixture(scope="module")
def real(folder: Path) -> Batch:
    return ADAPTER.read(ADAPTER.recognise(folder))


def test_every_place_in_a_chart_is_an_audience(real, folder):
    with (folder / "all-weeks-countries.tsv").open(encoding="utf-8", newline="") as file:
        places = list(csv.DictReader(file, delimiter="\t"))
    assert len(real.audience) == len(places) - 7 == 134_613
    assert Counter(real.audience["country"]) - Counter(p["country_iso2"] for p in places) == Counter()
    assert real.audience["country"].nunique() == 94
    assert set(real.audience["unit"]) == {UNIT}
    assert set(real.audience["size"]) == set(range(1, 11))
    assert not real.audience.duplicated(["title", "country", "period_end", "part"]).any()


def test_a_full_chart_has_fifty_five_points(real):
    """10 + 9 + … + 1 in each country and week, for films and for series."""
    audience = real.audience.assign(kind=real.audience["title"].str.partition("/")[0])
    points = audience.groupby(["country", "period_end", "kind"])["size"].sum()
    assert len(points) == 134_620 / 10
    assert (points == 55).sum() == len(points) - 4  # four charts have rows set apart
    assert points.min() == 55 - (11 - 4) - (11 - 8)  # Latvia, with "The Mummy" on ranks 4 and 8


def test_a_week_ends_on_its_sunday(real):
    days = real.audience[["period_start", "period_end"]].drop_duplicates()
    assert len(days) == 72
    assert all(
        end.weekday() == 6 and end - start == datetime.timedelta(days=6) for start, end in days.itertuples(index=False)
    )
    assert real.audience["period_end"].min() == datetime.date(2021, 7, 4)
    assert real.audience["period_end"].max() == datetime.date(2022, 11, 13)


def test_a_season_is_a_part_of_its_series(real):
    series = real.audience[real.audience["title"] == "netflixchart:series/stranger-things"]
    assert set(series["part"].dropna()) == {"Stranger Things 2", "Stranger Things 3", "Stranger Things 4"}
    assert series["part"].isna().sum() == 3255 - 2573  # the first season has no name of its own
    assert "N/A" not in set(real.audience["part"].dropna())
    films = real.audience[real.audience["title"].str.startswith("netflixchart:film/")]
    assert films["part"].notna().sum() == 67_310 - 67_279  # some films are listed with a part


def test_a_film_and_a_series_of_one_name_are_two(real):
    kinds = real.titles.set_index("title")["kind"]
    assert kinds["netflixchart:film/snowpiercer"] == "film"
    assert kinds["netflixchart:series/snowpiercer"] == "series"
    assert kinds.value_counts().to_dict() == {"film": 2999, "series": 1002}
    types = real.entities.set_index("id")["type"]
    assert types["netflixchart:film/snowpiercer"] == "Film"


def test_what_can_not_be_told_apart_is_set_apart(real):
    assert real.rejected["reason"].value_counts().to_dict() == {
        "two titles of this name are in one chart, and nothing tells them apart": 6,
        "the identifier already stands for Passengers": 1,
    }
    assert all("The Mummy" in row or "PASSENGERS" in row for row in real.rejected["row"])
    assert "netflixchart:film/the-mummy" in set(real.audience["title"])  # elsewhere it is in the charts alone


HEADER = (
    "country_name\tcountry_iso2\tweek\tcategory\tweekly_rank\tshow_title\tseason_title\tcumulative_weeks_in_top_10\n"
)


def test_names_that_look_like_nothing_are_names(tmp_path):
    (tmp_path / "all-weeks-countries.tsv").write_text(
        HEADER
        + "Spain\tES\t2022-11-13\tFilms\t1\tNaN\tN/A\t1\n"
        + "Spain\tES\t2022-11-13\tTV\t2\tNone\tNone: Season 1\t1\n"
        + "Spain\tES\t2022-11-14\tFilms\t3\tMonday\tN/A\t1\n"
        + "Spain\tES\t2022-11-13\tFilms\t11\tEleventh\tN/A\t1\n"
        + "Spain\tES\t2022-11-13\tGames\t4\tA game\tN/A\t1\n"
        + "Nowhere\tXX\t2022-11-13\tFilms\t5\tLost\tN/A\t1\n"
        + "Spain\tES\t2022-11-13\tFilms\t6\t\tN/A\t1\n",
        encoding="utf-8",
    )
    batch = ADAPTER.read(ADAPTER.recognise(tmp_path))
    kept = (
        batch.audience[["title", "size", "part"]]
        .astype(object)
        .where(batch.audience[["title", "size", "part"]].notna(), None)
    )
    assert kept.values.tolist() == [
        ["netflixchart:film/nan", 10.0, None],
        ["netflixchart:series/none", 9.0, "None: Season 1"],
    ]
    assert list(batch.entities["label"]) == ["NaN", "None"]
    assert batch.rejected[["line", "reason"]].values.tolist() == [
        [4, "the week is not the date of a Sunday"],
        [5, "the rank is not a whole number from 1 to 10"],
        [6, "the category is neither Films nor TV"],
        [7, "the country is not an ISO 3166-1 alpha-2 code"],
        [8, "there is no title"],
    ]
