"""goodbooks: titles without their series, shelves that are themes, the first author."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from ingest.sources.goodbooks import ADAPTER, SHELVES, split_series
from kg.tables import Batch


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "catalogue" / "goodbooks"


@pytest.fixture(scope="module")
def real(folder: Path) -> Batch:
    return ADAPTER.read(ADAPTER.recognise(folder))


def tails(batch: Batch, head: str, relation: str) -> set[str]:
    facts = batch.facts
    return set(facts.loc[(facts["head"] == head) & (facts["relation"] == relation), "tail"])


@pytest.mark.parametrize(
    ("title", "split"),
    [
        ("The Hunger Games (The Hunger Games, #1)", ("The Hunger Games", [("The Hunger Games", 1)])),
        ("Angels & Demons  (Robert Langdon, #1)", ("Angels & Demons", [("Robert Langdon", 1)])),
        (
            "The Color of Magic (Discworld, #1; Rincewind #1)",
            ("The Color of Magic", [("Discworld", 1), ("Rincewind", 1)]),
        ),
        ("I, Robot (Robot #0.1)", ("I, Robot", [("Robot", None)])),
        ("X (Twilight, #1-4 + 3.5)", ("X", [("Twilight", None)])),
        ("X (A Song of Ice and Fire, #3: Part 2 of 2)", ("X", [("A Song of Ice and Fire", None)])),
        ("X (Memory, Sorrow, and Thorn, #3; Part 2)", ("X", [("Memory, Sorrow, and Thorn", 3)])),
        ("X (Dark-Hunter #5, Were-Hunter #1)", ("X", [("Dark-Hunter", 5), ("Were-Hunter", 1)])),
        ("X (Sookie Stackhouse, #4.1, #4.3, #5.1)", ("X", [("Sookie Stackhouse", None)])),
        ("Saga #1", ("Saga #1", [])),
        ("Coraline (Illustrated/Graphic Novel Edition)", ("Coraline (Illustrated/Graphic Novel Edition)", [])),
    ],
)
def test_a_title_and_its_series(title, split):
    assert split_series(title) == split


def test_every_book_is_there(real, folder):
    with (folder / "books.csv").open(encoding="utf-8", newline="") as file:
        books = list(csv.DictReader(file))
    assert list(real.titles["title"]) == [f"goodreads:{book['goodreads_book_id']}" for book in books]
    assert set(real.titles["kind"]) == {"book"}
    year = real.titles.set_index("title")["year"]
    assert year.isna().sum() == sum(not book["original_publication_year"] for book in books) == 21
    assert year["goodreads:2767052"] == 2008
    assert year.min() == -1750  # The Epic of Gilgamesh
    other_editions = [b for b in books if b["best_book_id"] != b["goodreads_book_id"]]
    same = real.facts[real.facts["relation"] == "same_as"]
    assert set(zip(same["head"], same["tail"], strict=True)) == {
        (f"goodreads:{b['best_book_id']}", f"goodreads:{b['goodreads_book_id']}") for b in other_editions
    }
    assert not {f"goodreads:{b['work_id']}" for b in books} & set(same["head"])


def test_titles_series_and_order(real):
    names = real.entities.set_index("id")
    assert names.loc["goodreads:3", "label"] == "Harry Potter and the Sorcerer's Stone"
    assert names.loc["goodreads:3", "other_labels"] == ["Harry Potter and the Philosopher's Stone"]
    assert tails(real, "goodreads:3", "part_of") == {"franchise:harry-potter"}
    assert tails(real, "goodreads:6148028", "follows") == {"goodreads:2767052"}
    assert not tails(real, "goodreads:2767052", "follows")
    follows = real.facts[real.facts["relation"] == "follows"]
    assert not (follows["head"] == follows["tail"]).any()
    assert not names["label"].str.contains(r", #\d+\)$").any()


def test_only_the_first_name_is_surely_an_author(real):
    assert tails(real, "goodreads:3", "written_by") == {"person:goodbooks/jk-rowling"}  # not Mary GrandPré
    written = real.facts[real.facts["relation"] == "written_by"]
    assert not written.duplicated("head").any()
    assert not {"Anonymous", "Unknown", "Various"} & set(real.entities["label"])


def test_shelves_are_themes(real):
    shelves = real.facts[real.facts["relation"] == "shelf"]
    assert shelves.groupby("head").size().max() == SHELVES
    hunger_games = shelves[shelves["head"] == "goodreads:2767052"].set_index("tail")["weight"]
    assert hunger_games["shelf:dystopian"] > hunger_games["shelf:survival"] > 0
    said = set(shelves["tail"])
    for shelf in (
        "to-read",
        "owned",
        "did-not-finish",
        "favorites",
        "currently-reading",
        "books-i-own",
        "kindle",
        "read-in-2015",
    ):
        assert f"shelf:{shelf}" not in said
    # A shelf that repeats the author's or the series' name is no theme either.
    assert not {"shelf:hunger-games", "shelf:the-hunger-games", "shelf:suzanne-collins"} & set(hunger_games.index)
    assert not {"shelf:stephen-king", "shelf:king"} & set(
        shelves.loc[shelves["head"].isin(_by(real, "person:goodbooks/stephen-king")), "tail"]
    )


def _by(batch: Batch, author: str) -> set[str]:
    facts = batch.facts
    return set(facts.loc[(facts["relation"] == "written_by") & (facts["tail"] == author), "head"])


def test_the_weight_of_a_shelf_is_its_count(real, folder):
    with (folder / "tags.csv").open(encoding="utf-8", newline="") as file:
        fantasy = {row["tag_id"] for row in csv.DictReader(file) if row["tag_name"] == "fantasy"}
    with (folder / "book_tags.csv").open(encoding="utf-8", newline="") as file:
        counts = {r["goodreads_book_id"]: int(r["count"]) for r in csv.DictReader(file) if r["tag_id"] in fantasy}
    shelves = real.facts[(real.facts["relation"] == "shelf") & (real.facts["tail"] == "shelf:fantasy")]
    assert len(shelves) > 3000
    assert all(
        weight == counts[head.removeprefix("goodreads:")]
        for head, weight in zip(shelves["head"], shelves["weight"], strict=True)
    )


def test_genres_that_films_have_too(real):
    assert {"genre:science-fiction", "genre:fantasy", "genre:adventure"} <= tails(
        real, "goodreads:2767052", "has_genre"
    )
    assert "genre:horror" in tails(real, "goodreads:17245", "has_genre")  # Dracula


def test_counts_below_one_are_set_apart(real):
    assert len(real.rejected) == 6
    assert set(real.rejected["reason"]) == {"the count is not a number above zero"}
