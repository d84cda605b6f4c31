"""Films and their books: ids only where they are sure, volumes apart from their cycle, names put right."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from ingest.sources.adaptations import ADAPTER
from kg.tables import Batch


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "catalogue" / "adaptations"


@pytest.fixture(scope="module")
def real(folder: Path) -> Batch:
    return ADAPTER.read(ADAPTER.recognise(folder))


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def tails(batch: Batch, head: str, relation: str) -> set[str]:
    facts = batch.facts
    return set(facts.loc[(facts["head"] == head) & (facts["relation"] == relation), "tail"])


def label(batch: Batch, id: str) -> str:
    return str(batch.entities.set_index("id").loc[id, "label"])


def test_every_pair_is_a_fact_but_those_of_wiki_markup(real, folder):
    pairs = rows(folder, "booksmovies.csv")
    based_on = real.facts[real.facts["relation"] == "based_on"]
    markup = [i for i, pair in enumerate(pairs) if "[[" in pair["BookTitle"] or "mw-parser" in pair["BookTitle"]]
    assert len(based_on) == len(pairs) - len(markup) == 3354 - 5
    assert real.rejected["reason"].value_counts()["the title is wiki markup"] == 5
    assert tails(real, "imdb:tt0276751", "based_on") == {"goodreads:2770004"}
    assert (label(real, "imdb:tt0276751"), label(real, "goodreads:2770004")) == ("About a Boy", "About a Boy")


def test_a_book_adapted_many_times_is_one_book(real):
    heads = real.facts.loc[(real.facts["relation"] == "based_on") & (real.facts["tail"] == "goodreads:24280"), "head"]
    assert len(heads) == 52
    assert label(real, "goodreads:24280") == "Les Misérables"
    assert tails(real, "goodreads:24280", "written_by") == {"person:adaptations/victor-hugo"}


def test_ids_of_a_pair_that_fits_several_films_are_not_taken(real, folder):
    """Two films of 1996 are called Emma: the match by name and year gives both to each."""
    assert tails(real, "adaptation:film/emma-1996-theatrical-film", "based_on") == {"goodreads:6969"}
    assert tails(real, "adaptation:film/emma-1996-tv-film", "based_on") == {"goodreads:6969"}
    films = set(real.titles["title"])
    assert not {"imdb:tt0116191", "imdb:tt0118308", "tmdb:3573", "tmdb:12254"} & films
    by_pair: dict[str, set[str]] = {}
    for match in rows(folder, "wiki_book_movie_ids_matching.csv"):
        by_pair.setdefault(match["id"], set()).add(match["tmdb_id"])
    unsure = real.rejected[real.rejected["reason"].str.startswith("several films have this title and year")]
    assert len(unsure) == 95
    rejected_pairs = {json.loads(row)["id"] for row in unsure["row"]}
    assert {pair for pair, films in by_pair.items() if len(films) > 1} <= rejected_pairs


def test_a_film_has_all_its_ids(real):
    assert tails(real, "tmdb:245", "same_as") == {"imdb:tt0276751"}
    assert tails(real, "wikipedia:About_a_Boy_(film)", "same_as") == {"imdb:tt0276751"}
    assert tails(real, "wikipedia:About_a_Boy_(novel)", "same_as") == {"goodreads:2770004"}
    same = real.facts[real.facts["relation"] == "same_as"]
    assert not same["head"].str.contains("#").any()
    assert not same["head"].str.contains("franchise|series", case=False).any()
    assert not same.duplicated("head").any()


def test_volumes_of_a_cycle_are_books_of_their_own(real):
    """The list calls every Harry Potter book "Harry Potter", and gives the last volume's title as another one."""
    volume = tails(real, "imdb:tt0241527", "based_on")
    assert volume == {"goodreads:3"}
    assert tails(real, "goodreads:3", "part_of") == {"franchise:harry-potter"}
    book = real.entities.set_index("id").loc["goodreads:3"]
    assert book[["label", "other_labels"]].isna().all()
    assert real.titles.set_index("title")["year"].isna()["goodreads:3"]


def test_other_titles(real):
    books = real.entities.set_index("id")
    assert books.loc["goodreads:7126", "other_labels"] == ["The Count of Monte Cristo"]
    assert "The House at Pooh Corner" not in set(books["other_labels"].dropna().explode())


def test_authors(real):
    people = set(real.entities.loc[real.entities["type"] == "Person", "label"])
    assert {"Alexandre Dumas, père", "Pierre Boileau", "Thomas Narcejac", "Arkady and Boris Strugatsky"} <= people
    assert not {"0", "[1]", "[2]", "[3]", "Pierre Boileau and Thomas Narcejac"} & people


def test_years_and_kinds(real):
    titles = real.titles.set_index("title")
    assert titles.loc["goodreads:24280"][["kind", "year"]].tolist() == ["book", 1862]
    assert titles["kind"].value_counts().to_dict() == {"film": 3229, "book": 1661, "series": 76}
    assert (titles["year"].dropna() > 1000).all()
    # No year is given, but the page's name has it: "The_Last_Days_of_Pompeii_(1908_film)".
    pompeii = titles[titles.index.str.contains("last-days-of-pompeii") & (titles["year"] == 1908)]
    assert len(pompeii) == 1


def test_qualifiers_are_no_part_of_a_title(real):
    labels = set(real.entities["label"].dropna())
    assert {"The Dark Tower", "Don Quixote", "One Shot", "Jack Reacher", "The Picture (of Dorian Gray)"} <= labels
    assert not any("film)" in text or "(series)" in text for text in labels)


def test_subjects_of_books(real):
    assert "genre:science-fiction" in tails(real, "goodreads:17214", "has_genre")  # Starship Troopers
    assert "shelf:classics" in tails(real, "goodreads:17214", "shelf")
    assert "shelf:fiction" not in set(real.facts["tail"])
    assert not {"shelf:movies", "shelf:media-tie-in"} & set(real.facts["tail"])
