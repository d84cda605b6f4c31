"""The Movie Database: storylines without the production notes, hints apart, ids only where they name one film."""

from __future__ import annotations

import ast
import csv
import datetime
import json
from collections import Counter
from pathlib import Path

import pytest

from ingest.sources.tmdb import ADAPTER
from kg.tables import Batch


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "catalogue" / "tmdb"


@pytest.fixture(scope="module")
def real(folder: Path) -> Batch:
    return ADAPTER.read(ADAPTER.recognise(folder))


@pytest.fixture(scope="module")
def keywords(folder: Path) -> dict[str, set[str]]:
    """The keywords of each film in keywords.csv, read another way."""
    with (folder / "keywords.csv").open(encoding="utf-8", newline="") as file:
        found: dict[str, set[str]] = {}
        for row in csv.DictReader(file):
            found.setdefault(row["id"], set()).update(k["name"] for k in ast.literal_eval(row["keywords"]))
    return {film: names for film, names in found.items() if names}


def tails(batch: Batch, head: str, relation: str) -> set[str]:
    facts = batch.facts
    return set(facts.loc[(facts["head"] == head) & (facts["relation"] == relation), "tail"])


def test_every_film_with_a_keyword_is_there(real, keywords):
    assert len(keywords) == 31_092
    titles = set(real.titles["title"])
    assert {f"tmdb:{film}" for film in keywords} <= titles
    assert len(titles) == len(real.titles) == 31_608  # 516 of the described films have no keyword


def test_keywords_are_storylines(real):
    assert tails(real, "tmdb:862", "storyline") == {
        "tag:jealousy", "tag:toy", "tag:boy", "tag:friendship", "tag:friends", "tag:rivalry", "tag:boy-next-door",
        "tag:new-toy", "tag:toy-comes-to-life",
    }  # fmt: skip


def test_production_notes_are_no_storylines(real, keywords):
    said = set(real.facts.loc[real.facts["relation"] == "storyline", "tail"])
    for note in ("independent-film", "woman-director", "duringcreditsstinger", "aftercreditsstinger", "sequel"):
        assert f"tag:{note}" not in said
    # What a film is about stays, however often it is said.
    murders = {film for film, names in keywords.items() if "murder" in names}
    heads = real.facts.loc[(real.facts["relation"] == "storyline") & (real.facts["tail"] == "tag:murder"), "head"]
    assert {f"tmdb:{film}" for film in murders} <= set(heads)


def test_keywords_that_give_the_source_away_are_hints(real, keywords):
    hints = real.facts[real.facts["relation"] == "adaptation_hint"]
    for keyword in ("based on novel", "based on comic", "based on play or musical", "remake"):
        tail = "hint:" + keyword.replace(" ", "-")
        films = {f"tmdb:{film}" for film, names in keywords.items() if keyword in names}
        assert films <= set(hints.loc[hints["tail"] == tail, "head"])
    storylines = set(real.facts.loc[real.facts["relation"] == "storyline", "tail"])
    based_on = {tag for tag in storylines if tag.startswith("tag:based-on")}
    assert "tag:based-on-true-story" in based_on  # there is no work behind it
    assert not {
        tag for tag in based_on if any(w in tag for w in ("novel", "book", "comic", "manga", "play", "game", "story-"))
    }


def test_ids_are_stated_of_films_with_something_to_say(real, folder):
    same = real.facts[real.facts["relation"] == "same_as"]
    assert tails(real, "imdb:tt0114709", "same_as") == {"tmdb:862"}
    assert tails(real, "movielens:1", "same_as") == {"tmdb:862"}
    assert set(same["tail"]) <= set(real.titles["title"])
    with (folder / "links_full.csv").open(encoding="utf-8", newline="") as file:
        ids = [row["tmdbId"] for row in csv.DictReader(file) if row["tmdbId"]]
    twice = {f"tmdb:{i}" for i, times in Counter(ids).items() if times > 1}
    assert len(twice) == 29
    assert not twice & set(same["tail"])
    assert (real.rejected["reason"].str.contains("several films")).sum() == len(real.rejected) == 59


def test_described_films(real, folder):
    titles = real.titles.set_index("title")
    avatar = titles.loc["tmdb:19995"]
    assert (avatar["kind"], avatar["year"], avatar["launch"], avatar["runtime"]) == (
        "film",
        2009,
        datetime.date(2009, 12, 10),
        162,
    )
    assert (avatar["countries"], avatar["languages"]) == (["US", "GB"], ["en"])
    assert avatar["summary"].startswith("In the 22nd century")
    with (folder / "tmdb_5000_movies.csv").open(encoding="utf-8", newline="") as file:
        films = {f"tmdb:{row['id']}": row for row in csv.DictReader(file)}
    assert titles["summary"].notna().sum() == sum(bool(row["overview"].strip()) for row in films.values())
    assert titles["runtime"].notna().sum() == sum(float(row["runtime"] or 0) > 0 for row in films.values())
    assert titles["launch"].notna().sum() == sum(bool(row["release_date"]) for row in films.values())
    said = real.facts[(real.facts["relation"] == "produced_in") & real.facts["head"].isin(films)]
    assert len(said) == sum(len(json.loads(row["production_countries"])) for row in films.values())
    assert tails(real, "tmdb:11770", "in_language") == {"language:yue"}  # TMDB's "cn" is Cantonese: Shaolin Soccer
    assert real.entities.set_index("id").loc["tmdb:11770", "other_labels"] == ["少林足球"]
    assert not {"genre:foreign", "genre:tv-movie"} & set(real.facts["tail"])


def test_bad_cells_cost_the_cell_and_bad_ids_the_row(tmp_path):
    (tmp_path / "keywords.csv").write_text(
        """id,keywords
1,"[{'id': 1, 'name': 'heist'}]"
2,[{'id': 1
x,[]
3,"[{'id': 1}]"
1,"[{'id': 2, 'name': 'paris'}]"
""",
        encoding="utf-8",
    )
    batch = ADAPTER.read(ADAPTER.recognise(tmp_path))
    assert tails(batch, "tmdb:1", "storyline") == {"tag:heist", "tag:paris"}
    assert list(batch.titles["title"]) == ["tmdb:1"]
    assert sorted(batch.rejected["line"]) == [3, 4, 5]
    assert batch.rejected.set_index("line")["reason"].to_dict()[4] == "the id is not a number"
