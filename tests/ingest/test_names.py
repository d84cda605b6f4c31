"""The house's identifiers: stable, legal, the same for the same thing however it is written."""

from __future__ import annotations

import doctest
import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import places, sorting, text
from ingest.names import (
    book_id,
    clean_label,
    country_code,
    country_label,
    each,
    genre_id,
    gives_away,
    is_production_note,
    is_theme,
    language_code,
    language_label,
    normalise_title,
    person_id,
    slug,
    split_titles,
    split_year,
    tag_id,
    title_id,
)
from ingest.reading import read_table
from kg.schema import ILLEGAL_IN_IRI, Schema


@pytest.mark.parametrize("module", [text, places, sorting])
def test_the_examples_in_the_docstrings_hold(module):
    results = doctest.testmod(module)
    assert results.attempted
    assert not results.failed


@given(st.text(min_size=1))
def test_a_slug_is_a_legal_stable_name(words):
    made = slug(words)
    assert made
    assert not re.search(ILLEGAL_IN_IRI, made)
    assert slug(made) == made


@given(st.text(st.characters(categories=["Lu", "Ll"], max_codepoint=0x17F), min_size=1))
def test_case_accents_and_punctuation_do_not_change_a_slug(word):
    assert slug(f" {word.upper()}!") == slug(word.upper())
    assert slug(f"{word} & {word}") == f"{slug(word)}-and-{slug(word)}"


def test_identifiers_have_declared_prefixes():
    schema = Schema.load()
    made = [
        tag_id("Moral Dilemmas"),
        *(tag_id("x", sort) for sort in ("mood", "user_tag", "shelf", "hint")),
        genre_id("Sci-Fi"),
    ]
    made += [
        person_id("metaqa", "Agnès Varda"),
        book_id("Dune", "Frank Herbert"),
        title_id("title", "film", "Dune", 2021),
    ]
    assert all(schema.expand(i).startswith("https://w3id.org/titlegraph/") for i in made)
    assert made[0] == "tag:moral-dilemmas"
    assert genre_id("Sci-Fi") == genre_id("Science Fiction") != tag_id("Science Fiction")
    assert person_id("metaqa", "Agnès Varda") == "person:metaqa/agnes-varda"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Matrix, The (1999)", "The Matrix"),
        ("Léon: The Professional", "Leon - the professional"),
        ("Mr. & Mrs. Smith", "Mr and Mrs Smith"),
        ("S.W.A.T.", "SWAT"),
        ("Ocean’s Eleven", "Oceans Eleven"),
        ("Avventura, L' (1960)", "L'avventura"),
    ],
)
def test_spellings_of_one_title_are_the_same(one, other):
    assert normalise_title(one) == normalise_title(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Rocky II", "Rocky III"), ("Rocky II", "Rocky"), ("Kid, The", "Kid"), ("2012", "2010"), ("寄生虫", "机器人")],
)
def test_different_titles_are_different(one, other):
    assert normalise_title(one) != normalise_title(other)


def test_titles_of_movielens_come_apart(shared_data):
    """Every bracketed year of the real file is found, and no title is lost to it."""
    titles = read_table(shared_data / "catalogue" / "movielens" / "movies.csv", required=["title"]).frame["title"]
    for title in titles:
        name, year = split_year(title)
        assert name
        assert (year is None) == (re.search(r"\(\d{4}(–\d{4}|–)?\s*\)\s*$", title) is None), title
        main, others = split_titles(name)
        assert main
        assert all(others)
    assert split_titles("Seven (a.k.a. Se7en)") == ("Seven", ["Se7en"])


def test_labels_are_cleaned():
    assert clean_label("  Tom &amp;\u200b Jerry\n") == "Tom & Jerry"
    assert clean_label("Ame\u0301lie") == "Amélie"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("United States of America", "US"),
        ("united states", "US"),
        ("UK", "GB"),
        ("South Korea", "KR"),
        ("West Germany", "DE"),
        ("Soviet Union", "SU"),
        ("Czech Republic", "CZ"),
        ("Hong Kong", "HK"),
        ("jp", "JP"),
        ("Türkiye", "TR"),
        ("XX", None),
        ("", None),
    ],
)
def test_countries(name, code):
    assert country_code(name) == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("English", "en"),
        ("eng", "en"),
        ("en-GB", "en"),
        ("fre", "fr"),
        ("cn", "yue"),
        ("Mandarin", "zh"),
        ("Malay", "ms"),
        ("Greek", "el"),
        ("nb", "no"),
        ("Klingon", "tlh"),
        ("xx", None),
        ("Aboriginal", None),
    ],
)
def test_languages(name, code):
    assert language_code(name) == code


def test_countries_and_languages_of_the_charts_are_known(shared_data):
    path = shared_data / "catalogue" / "netflix_top10" / "all-weeks-countries.tsv"
    rows = read_table(path, required=["country_name"], separator="\t", quoted=False).frame.drop_duplicates(
        "country_iso2"
    )
    assert [country_code(name) for name in rows["country_name"]] == rows["country_iso2"].tolist()
    assert [country_label(code) for code in rows["country_iso2"]] == rows["country_name"].tolist()
    assert language_label("yue") == "Cantonese"


@pytest.mark.parametrize(
    "label",
    [
        "based on novel",
        "Based on Novel or Book",
        "Movies Based on Books",
        "TV Shows Based on Manga",
        "based on play or musical",
        "remake",
        "literary adaptation",
    ],
)
def test_tags_that_give_an_adaptation_away(label):
    assert gives_away(label)


@pytest.mark.parametrize(
    "label",
    [
        "based on true story",
        "Movies Based on Real Life",
        "novelist",
        "bookshop",
        "comic relief",
        "play",
        "book burning",
    ],
)
def test_tags_that_do_not(label):
    assert not gives_away(label)


def test_production_notes_and_shelves():
    notes = [
        "woman director",
        "independent film",
        "duringcreditsstinger",
        "aftercreditsstinger",
        "black and white",
        "In Netflix queue",
    ]
    assert all(map(is_production_note, notes))
    assert not any(map(is_production_note, ["heist", "library", "silence", "oscar wilde", "short circuit"]))
    assert not any(
        map(is_theme, ["to-read", "owned", "did-not-finish", "read-in-2015", "book-to-movie", "5-stars", "kindle"])
    )
    assert all(
        map(is_theme, ["magical-realism", "vampires", "19th-century", "graphic-novels", "star-wars", "cookbooks"])
    )


def test_each_asks_once_for_a_value_and_leaves_gaps():
    asked = []
    cells = pd.Series(["a", None, "b", "a"], dtype="str")
    made = each(cells, lambda v: asked.append(v) or v.upper())
    assert made.fillna("-").tolist() == ["A", "-", "B", "A"]
    assert sorted(asked) == ["a", "b"]
