"""JustWatch: shared ids where there are some, its own where not."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from ingest.sources.justwatch import ADAPTER
from kg.tables import Batch


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "catalogue" / "justwatch"


@pytest.fixture(scope="module")
def real(folder: Path) -> Batch:
    return ADAPTER.read(ADAPTER.recognise(folder))


@pytest.fixture(scope="module")
def listed(folder: Path) -> list[dict[str, str]]:
    with (folder / "original_titles.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["title"]]


def test_ids(real, listed):
    assert list(real.titles["title"]) == [
        f"imdb:{row['imdb_id']}" if row["imdb_id"] else f"justwatch:{row['id']}" for row in listed
    ]
    same = real.facts[real.facts["relation"] == "same_as"]
    assert set(zip(same["head"], same["tail"], strict=True)) == {
        (f"justwatch:{row['id']}", f"imdb:{row['imdb_id']}") for row in listed if row["imdb_id"]
    }
    assert len(same) == 5806 - 444 - 1


def test_the_row_without_a_title_is_set_apart(real):
    assert real.rejected[["line", "reason"]].values.tolist() == [[1937, "there is no title"]]


def test_titles(real, listed):
    titles = real.titles.set_index("title")
    taxi = titles.loc["imdb:tt0075314"]
    assert (taxi["kind"], taxi["year"], taxi["runtime"], taxi["countries"]) == ("film", 1976, 113, ["US"])
    assert titles["kind"].value_counts().to_dict() == {"film": 3758, "series": 2047}
    assert titles["runtime"].isna().sum() == sum(row["runtime"] == "0" for row in listed) == 24
    assert titles["summary"].isna().sum() == sum(not row["description"] for row in listed)
    assert not titles["summary"].str.contains("\n").fillna(False).any()


def test_genres_and_countries(real):
    tails = set(real.facts["tail"])
    assert "genre:european" not in tails
    assert {"genre:science-fiction", "genre:documentary", "genre:sports"} <= tails
    assert not {"genre:scifi", "genre:documentation", "genre:sport"} & tails
    assert "country:XX" not in tails
    lebanese = real.facts[(real.facts["relation"] == "produced_in") & (real.facts["tail"] == "country:LB")]
    assert len(lebanese) == 37  # thirty-six say LB, one says Lebanon
    assert real.entities.set_index("id").loc["genre:science-fiction", "label"] == "Science Fiction"
