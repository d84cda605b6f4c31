"""Titles by what people call them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.names import fold
from queries.errors import AmbiguousEntity, AmbiguousTitle, EmptyQuestion, UnknownEntity, UnknownKind, UnknownTitle
from queries.space import TitleSpace


def only(space: TitleSpace, name: str) -> str:
    """The id of the title of that name."""
    return str(space.vectors([name]).index[0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("imdb:tt01", "imdb:tt01"),
        ("tmdb:28", "imdb:tt01"),  # an identifier that was merged into another
        ("Apocalypse Now", "imdb:tt01"),
        ("apocalypse  NOW!", "imdb:tt01"),
        ("Amelie", "imdb:tt06"),
        ("Le fabuleux destin d’Amélie Poulain", "imdb:tt06"),
        ("Aguirre, der Zorn Gottes", "imdb:tt08"),
        ("Babel", "imdb:tt03"),  # its label, which comes before another title's other label
        ("Crash (2004)", "imdb:tt05"),
        ("Crash (1996)", "imdb:tt04"),
    ],
)
def test_a_title_is_known_by_identifier_label_other_label_and_year(space: TitleSpace, name: str, expected: str) -> None:
    assert only(space, name) == expected


def test_several_titles_of_one_name_are_listed_and_not_guessed_between(space: TitleSpace) -> None:
    with pytest.raises(AmbiguousTitle) as caught:
        space.similar("Crash")
    assert caught.value.candidates["id"].tolist() == ["imdb:tt04", "imdb:tt05"]
    assert "Crash (film, 1996) imdb:tt04; Crash (film, 2004) imdb:tt05" in str(caught.value)


def test_an_unknown_title_suggests_the_nearest(space: TitleSpace) -> None:
    with pytest.raises(UnknownTitle, match="Did you mean Apocalypse Now"):
        space.similar("Apocalips Now")
    with pytest.raises(UnknownTitle):
        space.similar("Crash (1950)")


def test_a_book_is_no_title_but_related_takes_it(space: TitleSpace) -> None:
    with pytest.raises(UnknownTitle, match="There is a book of that name"):
        space.similar("Heart of Darkness")
    assert space.related("Heart of Darkness", kind="film")["id"][0] == "imdb:tt01"


def test_entities_of_different_kinds_are_ambiguous_too(space: TitleSpace) -> None:
    with pytest.raises(AmbiguousEntity, match="book:babel"):
        space.related("Babel")
    with pytest.raises(UnknownEntity, match="Did you mean guilt"):
        space.related("gilt")
    with pytest.raises(UnknownKind, match="Did you mean book"):
        space.related("guilt", kind="boook")


@pytest.mark.parametrize("name", ["", "   ", None, 7])
def test_what_is_no_name_is_refused(space: TitleSpace, name: object) -> None:
    with pytest.raises(EmptyQuestion):
        space.similar([name])  # type: ignore[list-item]
    with pytest.raises(EmptyQuestion):
        space.find(name)  # type: ignore[arg-type]


def test_find_forgives_typing_errors(space: TitleSpace) -> None:
    found = space.find("apocalyps now")
    assert list(found.columns) == ["id", "label", "kind", "year", "score", "match"]
    assert found["label"][0] == "Apocalypse Now"
    assert space.find("fabuleux destin amelie")["match"][0] == "Le Fabuleux Destin d'Amélie Poulain"
    assert set(space.find("crash", k=2)["year"]) == {1996, 2004}
    assert len(space.find("crash", k=1)) == 1


def test_find_takes_identifiers_and_lists(space: TitleSpace) -> None:
    assert space.find("tmdb:28")["label"].tolist() == ["Apocalypse Now"]
    many = space.find(["amelie", "the wire", "zzzzqqqq"], k=1)
    assert many[["query", "label"]].values.tolist() == [["amelie", "Amélie"], ["the wire", "The Wire"]]
    with pytest.raises(EmptyQuestion):
        space.find([])


def test_find_looks_for_other_kinds_when_asked(space: TitleSpace) -> None:
    assert space.find("babel", kind="book")["id"].tolist() == ["book:babel"]
    assert space.find("inarritu", kind="person")["id"].tolist() == ["person:inarritu"]
    assert space.find("wire", kind="series")["id"].tolist() == ["imdb:tt07"]
    assert space.find("zzzzqqqq").empty


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet="abcdefghij éüñ", min_size=1))
def test_case_and_accents_do_not_matter(text: str) -> None:
    assert fold(text.upper()) == fold(text)
