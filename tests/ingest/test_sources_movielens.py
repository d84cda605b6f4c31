"""MovieLens: titles as people write them, ids as others write them, viewers and their tags."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest

from ingest.sources.movielens import ADAPTER
from kg.tables import Batch


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "catalogue" / "movielens"


@pytest.fixture(scope="module")
def real(folder: Path) -> Batch:
    return ADAPTER.read(ADAPTER.recognise(folder))


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def tails(batch: Batch, head: str, relation: str) -> set[str]:
    facts = batch.facts
    return set(facts.loc[(facts["head"] == head) & (facts["relation"] == relation), "tail"])


def test_every_film_goes_by_its_imdb_id(real, folder):
    assert list(real.titles["title"]) == [f"imdb:tt{row['imdbId']}" for row in rows(folder, "links.csv")]
    assert real.titles["title"].is_unique
    assert tails(real, "movielens:1", "same_as") == {"imdb:tt0114709"}
    assert tails(real, "tmdb:862", "same_as") == {"imdb:tt0114709"}


def test_a_tmdb_id_of_two_films_names_neither(real):
    assert list(real.rejected["line"]) == [4171, 9108]
    assert set(real.rejected["file"]) == {"links.csv"}
    assert not tails(real, "tmdb:4912", "same_as")


def test_titles_have_their_article_in_front_and_no_year(real):
    names = real.entities.set_index("id")
    assert names.loc["imdb:tt0112346", "label"] == "The American President"
    assert names.loc["imdb:tt0112682", "label"] == "The City of Lost Children"
    assert names.loc["imdb:tt0112682", "other_labels"] == ["La Cité des enfants perdus"]
    assert names.loc["imdb:tt0114746", "other_labels"] == ["12 Monkeys"]
    assert names.loc["imdb:tt0119190", "label"] == "George of the Jungle"
    labels = names.loc[real.titles["title"], "label"]
    assert not labels.str.contains(r", (?:The|A|An|La|Le|Les|El)$").any()
    assert labels.str.contains(r"\(\d{4}\)").sum() == 0


def test_years_and_what_the_lack_of_one_leaves_open(real):
    titles = real.titles.set_index("title")
    assert titles["year"].notna().sum() == 9742 - 12
    assert titles.loc["imdb:tt0114709", "year"] == 1995
    assert titles.loc["imdb:tt0877057"].to_dict() | {"line": 0} == {
        "kind": "series", "year": 2006, "line": 0, "file": "movies.csv",
    }  # fmt: skip
    undated = titles[titles["year"].isna()]
    assert undated["kind"].isna().all()
    assert set(real.entities.set_index("id").loc[undated.index, "type"]) == {"Title"}


def test_genres(real, folder):
    stated = real.facts[real.facts["relation"] == "has_genre"]
    expected = [
        g
        for row in rows(folder, "movies.csv")
        for g in row["genres"].split("|")
        if g not in ("IMAX", "(no genres listed)")
    ]
    assert len(stated) == len(expected)
    labels = real.entities.set_index("id")["label"]
    assert labels["genre:science-fiction"] == "Science Fiction"
    assert (stated["tail"] == "genre:science-fiction").sum() == expected.count("Sci-Fi")
    assert (stated["tail"] == "genre:family").sum() == expected.count("Children")
    assert "genre:imax" not in set(stated["tail"])


def test_viewings_are_the_ratings(real, folder):
    ratings = rows(folder, "ratings.csv")
    assert len(real.viewings) == len(ratings) == 100_836
    first = real.viewings.iloc[0]
    assert (first["viewer"], first["title"], first["weight"]) == ("movielens/1", "imdb:tt0114709", 4.0)
    assert first["time"] == pd.Timestamp("2000-07-30 18:45:03", tz="UTC")
    assert real.viewings["viewer"].nunique() == 610
    assert real.viewings["weight"].sum() == sum(float(row["rating"]) for row in ratings)


def test_tags_are_what_viewers_say_of_films(real):
    """movieId 60756 is "Step Brothers": "funny" by users 2, 62, 424 and 537 among others."""
    tags = real.facts[real.facts["relation"].isin(["user_tag", "adaptation_hint"])].set_index(["head", "tail"])
    assert tags.loc[("imdb:tt0838283", "usertag:funny"), "weight"] >= 2
    assert not tags.index.get_level_values("tail").isin(["usertag:in-netflix-queue", "usertag:imdb-top-250"]).any()
    hints = real.facts[real.facts["relation"] == "adaptation_hint"]["tail"]
    assert {"hint:based-on-a-book", "hint:remake", "hint:comic-book"} <= set(hints)
    assert "usertag:based-on-a-book" not in set(real.facts["tail"])


SMALL = {
    "movies.csv": """movieId,title,genres
1,"Matrix, The (1999)",Action|Sci-Fi
1,Another (2001),Drama
1,"Matrix, The (1999)",Action
x,No id (1990),Drama
3,,Drama
4,Nosferatu,(no genres listed)
""",
    "links.csv": "movieId,imdbId,tmdbId\n1,133093,603\n4,0013442,\n",
    "ratings.csv": """userId,movieId,rating,timestamp
1,1,4.5,0
1,9,4.5,0
1,1,six,0
1,1,6,0
1,1,3,soon
,1,3,0
""",
    "tags.csv": "userId,movieId,tag,timestamp\n1,1,Bullet Time,0\n2,1,bullet time,0\n2,1,,0\n2,7,lost,0\n",
}


def test_bad_rows_are_set_apart_and_the_good_ones_land(tmp_path):
    for name, text in SMALL.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    batch = ADAPTER.read(ADAPTER.recognise(tmp_path))
    assert list(batch.titles["title"]) == ["imdb:tt0133093", "imdb:tt0013442"]
    assert tails(batch, "imdb:tt0133093", "has_genre") == {"genre:action", "genre:science-fiction"}
    assert batch.viewings[["viewer", "title", "weight"]].values.tolist() == [["movielens/1", "imdb:tt0133093", 4.5]]
    tag = batch.facts[batch.facts["relation"] == "user_tag"]
    assert tag[["tail", "weight"]].values.tolist() == [["usertag:bullet-time", 2.0]]
    reasons = batch.rejected.sort_values(["file", "line"])[["file", "line", "reason"]].values.tolist()
    assert reasons == [
        ["movies.csv", 3, "the identifier already stands for Matrix, The (1999)"],
        ["movies.csv", 5, "the movieId is not a number"],
        ["movies.csv", 6, "the film has no title"],
        ["ratings.csv", 3, "no film has this movieId"],
        ["ratings.csv", 4, "the rating is not a number from 0.5 to 5"],
        ["ratings.csv", 5, "the rating is not a number from 0.5 to 5"],
        ["ratings.csv", 6, "the time is not a number of seconds"],
        ["ratings.csv", 7, "there is no userId"],
        ["tags.csv", 4, "the tag is empty"],
        ["tags.csv", 5, "no film has this movieId"],
    ]


def test_films_without_links_keep_their_own_id(tmp_path):
    (tmp_path / "movies.csv").write_text(SMALL["movies.csv"], encoding="utf-8")
    batch = ADAPTER.read(ADAPTER.recognise(tmp_path))
    assert list(batch.titles["title"]) == ["movielens:1", "movielens:4"]
    assert "same_as" not in set(batch.facts["relation"])
