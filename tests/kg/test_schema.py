"""The vocabulary, and a workspace's own schema.ttl on top of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import BadIdentifier, SchemaError, UnknownRelation
from kg.schema import Schema


@pytest.fixture(scope="module")
def schema() -> Schema:
    return Schema.load()


def test_every_relation_has_domain_range_and_label(schema: Schema) -> None:
    for relation in schema.relations.values():
        assert relation.label
        if not relation.identity:
            assert relation.domain in schema.types
            assert relation.range in schema.types


def test_films_and_series_are_titles_and_books_are_not(schema: Schema) -> None:
    assert schema.subtypes("Title") == {"Title", "Film", "Series"}
    assert schema.is_a("Book", "Work")
    assert not schema.is_a("Book", "Title")


def test_inverse_holds_both_ways(schema: Schema) -> None:
    assert schema.relation("follows").inverse == "followed_by"
    assert schema.relation("followed_by").inverse == "follows"


def test_hints_are_hidden_from_based_on(schema: Schema) -> None:
    assert "adaptation_hint" in schema.hidden_from("based_on")
    assert schema.hidden_from("storyline") == ()


@pytest.mark.parametrize(
    ("identifier", "iri"),
    [
        ("imdb:tt0078788", "https://www.imdb.com/title/tt0078788"),
        ("wd:Q1", "http://www.wikidata.org/entity/Q1"),
        ("https://example.org/x", "https://example.org/x"),
    ],
)
def test_identifiers_expand_and_compact(schema: Schema, identifier: str, iri: str) -> None:
    assert schema.expand(identifier) == iri
    assert schema.compact(iri) == identifier


@pytest.mark.parametrize("identifier", ["tt0078788", "nowhere:1", "imdb:", "tag:a b", "tag:<x>"])
def test_bad_identifiers_are_refused(schema: Schema, identifier: str) -> None:
    with pytest.raises(BadIdentifier, match="is not an identifier"):
        schema.expand(identifier)


def test_unknown_relation_suggests_the_nearest(schema: Schema) -> None:
    with pytest.raises(UnknownRelation, match="Did you mean storyline"):
        schema.relation("storylin")


def write(path: Path, body: str) -> Path:
    file = path / "schema.ttl"
    file.write_text(
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
        "@prefix tg: <https://w3id.org/titlegraph/schema#> . @prefix my: <https://example.org/> .\n" + body,
        encoding="utf-8",
    )
    return file


def test_a_workspace_declares_its_own(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        'my:Place a owl:Class ; rdfs:label "place" .\n'
        "my:shot_at a owl:ObjectProperty ; rdfs:domain tg:Title ; rdfs:range my:Place .\n"
        "tg:set_in a owl:ObjectProperty ; rdfs:domain tg:Work ; rdfs:range my:Place ; owl:inverseOf my:setting_of .\n"
        "my:setting_of a owl:ObjectProperty ; rdfs:domain my:Place ; rdfs:range tg:Work .\n",
    )
    schema = Schema.load(file)
    assert schema.relation("my:shot_at").range == "my:Place"
    assert schema.relation("set_in").label == "set in"
    assert schema.relation("my:setting_of").inverse == "set_in"
    assert schema.expand("my:casablanca") == "https://example.org/casablanca"
    assert schema.digest != Schema.load().digest


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("my:r a owl:ObjectProperty ; rdfs:domain tg:Title ; rdfs:range my:Nothing .", "not a declared type"),
        ("my:r a owl:ObjectProperty ; rdfs:range tg:Title .", "no rdfs:domain"),
        ("my:A a owl:Class ; rdfs:subClassOf my:B . my:B a owl:Class ; rdfs:subClassOf my:A .", "own ancestor"),
        ("tg:based_on rdfs:range tg:Tag .", "2 values of range"),
        ("my:r a owl:ObjectProperty", "not well-formed Turtle"),
        (
            "my:r a owl:ObjectProperty ; rdfs:domain tg:Work ; rdfs:range tg:Work ; owl:inverseOf tg:follows .",
            "is the inverse of",
        ),
    ],
)
def test_contradictions_are_named(tmp_path: Path, body: str, why: str) -> None:
    with pytest.raises(SchemaError, match=why):
        Schema.load(write(tmp_path, body)).subtypes("Title")
