"""The Netflix catalogue: years that are first years, durations wherever they stand, genres for what they say."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from ingest.sources.netflix_genres import sort_genre
from ingest.sources.netflix_titles import ADAPTER
from kg.tables import Batch


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "catalogue" / "netflix_titles"


@pytest.fixture(scope="module")
def real(folder: Path) -> Batch:
    return ADAPTER.read(ADAPTER.recognise(folder))


@pytest.fixture(scope="module")
def listed(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "netflix_titles.csv").open(encoding="utf-8", newline="") as file:
        return {f"netflixlist:{row['show_id']}": row for row in csv.DictReader(file)}


def tails(batch: Batch, head: str, relation: str) -> set[str]:
    facts = batch.facts
    return set(facts.loc[(facts["head"] == head) & (facts["relation"] == relation), "tail"])


def test_every_title_is_there_with_its_kind(real, listed):
    assert list(real.titles["title"]) == list(listed)
    kinds = {"Movie": "film", "TV Show": "series"}
    assert list(real.titles["kind"]) == [kinds[row["type"]] for row in listed.values()]
    assert real.rejected is None


def test_durations_that_slipped_into_the_rating_are_runtimes(real, listed):
    runtime = real.titles.set_index("title")["runtime"]
    assert runtime[["netflixlist:s5542", "netflixlist:s5795", "netflixlist:s5814"]].tolist() == [74, 84, 66]
    assert runtime.notna().sum() == sum(row["type"] == "Movie" for row in listed.values())


def test_the_year_of_the_latest_season_is_not_that_of_the_series(real, listed):
    year = real.titles.set_index("title")["year"]
    several = [id for id, row in listed.items() if row["duration"].endswith("Seasons")]
    assert len(several) == 883
    assert year[several].isna().all()
    assert year["netflixlist:s1"] == 2020
    assert year.notna().sum() == 8807 - 883


def test_countries(real, listed):
    titles = real.titles.set_index("title")
    assert titles["countries"].isna().sum() == sum(not row["produced_by"] for row in listed.values()) == 831
    assert titles.loc["netflixlist:s1", "countries"] == ["US"]
    assert tails(real, "netflixlist:s2", "produced_in") == {"country:ZA"}
    labels = real.entities.set_index("id")["label"]
    assert labels["country:KR"] == "South Korea"
    assert labels["country:SU"] == "Soviet Union"
    assert tails(real, _called(real, "My Holo Love"), "produced_in") == {"country:KR"}  # from "Korean TV Shows" alone


def _called(batch: Batch, label: str) -> str:
    return str(batch.entities.loc[batch.entities["label"] == label, "id"].iloc[0])


def test_people(real, listed):
    assert tails(real, "netflixlist:s1", "directed_by") == {"person:netflix_titles/kirsten-johnson"}
    assert "person:netflix_titles/ama-qamata" in tails(real, "netflixlist:s2", "starring")
    directed = real.facts.loc[real.facts["relation"] == "directed_by", "head"].nunique()
    assert directed == sum(bool(row["director"]) for row in listed.values()) == 8807 - 2634


def test_per_cent_is_a_sign_again(real):
    labels = set(real.entities["label"])
    assert {"3%", "100% Halal", "ADAM SANDLER 100% FRESH"} <= labels
    assert not any("_percent" in label for label in labels)


def test_genres_are_told_for_what_they_say(real):
    assert tails(real, "netflixlist:s1", "has_genre") == {"genre:documentary"}
    assert tails(real, "netflixlist:s2", "has_genre") == {"genre:drama", "genre:mystery"}
    assert not {"microgenre:international", "genre:movies", "microgenre:movies"} & set(real.facts["tail"])
    spanish = real.facts[real.facts["relation"] == "in_language"]
    assert len(spanish) == 174
    assert set(spanish["tail"]) == {"language:es"}
    assert real.titles["languages"].notna().sum() == 174


@pytest.mark.parametrize(
    ("genre", "says"),
    [
        ("Kids & Family Movies", ("has_genre", "Family")),
        ("Sci-Fi TV", ("has_genre", "Science Fiction")),
        ("TV Action & Adventure", ("micro_genre", "Action & Adventure")),
        ("Social Issue TV Dramas", ("micro_genre", "Social Issue Drama")),
        ("Anime Series", ("micro_genre", "Anime")),
        ("Creature Features", ("micro_genre", "Creature Features")),
        ("South African", ("produced_in", "ZA")),
        ("African Movies", ("micro_genre", "African")),
        ("Spanish-Language TV Shows", ("in_language", "es")),
        ("Kannada Movies & TV", ("in_language", "kn")),
        ("Movies based on a Play", ("adaptation_hint", "Movies based on a Play")),
        ("Movies Based on Real Life", ("micro_genre", "Based on Real Life")),
        ("TV Shows", None),
    ],
)
def test_a_genre_is_a_genre_a_country_a_language_or_a_hint(genre, says):
    assert sort_genre(genre) == says


def test_the_columns_may_go_by_their_first_names(tmp_path):
    """Kaggle's edition calls the columns of countries and of age ratings "country" and "rating"."""
    (tmp_path / "netflix_titles.csv").write_text(
        "show_id,type,title,director,cast,country,date_added,release_year,rating,duration,listed_in,description\n"
        's1,Movie,One,,,"Spain, Atlantis",,2001,90 min,,Dramas,Text\n'
        "s2,Game,Two,,,,,2001,PG,5 min,Dramas,\n"
        "s3,TV Show,Three,,,,,MMI,PG,2 Acts,TV Dramas,\n",
        encoding="utf-8",
    )
    batch = ADAPTER.read(ADAPTER.recognise(tmp_path))
    assert batch.titles[["title", "runtime"]].fillna(0).values.tolist() == [
        ["netflixlist:s1", 90],
        ["netflixlist:s3", 0],
    ]
    assert tails(batch, "netflixlist:s1", "produced_in") == {"country:ES"}
    assert sorted(batch.rejected[["line", "reason"]].values.tolist()) == [
        [2, "no country is called Atlantis"],
        [3, "the type is neither Movie nor TV Show"],
        [4, "the duration is neither minutes nor seasons"],
        [4, "the release year is not a number"],
    ]
