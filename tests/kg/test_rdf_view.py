"""The workspace as an rdflib graph, and SPARQL."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import rdflib
from rdflib.namespace import OWL, RDF, RDFS

from kg import Batch, KnowledgeGraph
from kg.errors import QueryError

FACTS = [
    ("imdb:tt0078788", "based_on", "book:heart-of-darkness"),
    ("imdb:tt0078788", "starring", "person:marlon-brando"),
    ("imdb:tt0315733", "storyline", "tag:moral-dilemmas"),
]


@pytest.fixture
def kg(tmp_path: Path) -> KnowledgeGraph:
    kg = KnowledgeGraph.create(tmp_path / "workspace")
    names = pd.DataFrame(
        {
            "id": ["imdb:tt0078788", "tmdb:28", "book:heart-of-darkness"],
            "type": ["Film", "Film", "Book"],
            "label": ["Apocalypse Now", "Apocalypse Now Redux", "Heart of Darkness"],
        }
    )
    told = pd.DataFrame(
        {"title": ["imdb:tt0078788"], "kind": "film", "year": [1979], "launch": [date(1979, 8, 15)], "runtime": [147.5]}
    )
    kg.add(Batch(source="list", entities=names, facts=frame(*FACTS), titles=told))
    same = ("tmdb:28", "same_as", "imdb:tt0078788")
    kg.add_facts(frame(("tmdb:28", "based_on", "book:heart-of-darkness"), same), source="other list")
    return kg


def frame(*facts: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(facts, columns=["head", "relation", "tail"])


def test_a_query_needs_no_prefixes_and_answers_with_plain_values(kg: KnowledgeGraph) -> None:
    answer = kg.sparql(
        """
        SELECT ?title ?label ?year ?launch ?runtime ?book WHERE {
            ?title a tg:Film ; rdfs:label ?label ; tg:based_on ?book .
            OPTIONAL { ?title tg:year ?year ; tg:launch ?launch ; tg:runtime ?runtime }
        }
        """
    )
    assert answer.to_dict("records") == [
        {
            "title": "imdb:tt0078788",
            "label": "Apocalypse Now",
            "year": 1979,
            "launch": date(1979, 8, 15),
            "runtime": 147.5,
            "book": "book:heart-of-darkness",
        }
    ]


def test_a_fact_of_two_sources_counts_once_and_is_in_the_graph_of_each(kg: KnowledgeGraph) -> None:
    count = kg.sparql("SELECT (COUNT(*) AS ?n) { ?work tg:based_on ?book }")
    assert count["n"].tolist() == [1]
    sources = kg.sparql("SELECT ?g ?work { GRAPH ?g { ?work tg:based_on ?book } } ORDER BY ?g")
    assert sources["g"].tolist() == ["source:list", "source:other%20list"]
    assert sources["work"].tolist() == ["imdb:tt0078788"] * 2  # canonical in both
    only = kg.sparql("SELECT ?o { GRAPH source:list { imdb:tt0078788 ?p ?o } }")
    assert set(only["o"]) == {"book:heart-of-darkness", "person:marlon-brando"}


def test_other_names(kg: KnowledgeGraph) -> None:
    assert kg.sparql("SELECT ?name { imdb:tt0078788 skos:altLabel ?name }")["name"].tolist() == ["Apocalypse Now Redux"]
    assert kg.sparql("SELECT ?id { ?id owl:sameAs imdb:tt0078788 }")["id"].tolist() == ["tmdb:28"]
    assert kg.sparql("SELECT ?film { ?film a tg:Film }")["film"].tolist() == ["imdb:tt0078788"]


def test_unbound_variables_are_empty(kg: KnowledgeGraph) -> None:
    answer = kg.sparql("SELECT ?t ?year { ?t a ?type OPTIONAL { ?t tg:year ?year } } ORDER BY ?t")
    assert str(answer["year"].dtype) == "Int64"
    assert answer["year"].isna().sum() == len(answer) - 1
    assert kg.sparql("SELECT ?a ?b { ?a tg:music_by ?b }").columns.tolist() == ["a", "b"]


def test_ask_and_construct(kg: KnowledgeGraph) -> None:
    assert kg.sparql("ASK { imdb:tt0078788 tg:based_on book:heart-of-darkness }")["answer"].tolist() == [True]
    assert kg.sparql("ASK { imdb:tt0078788 tg:based_on book:other }")["answer"].tolist() == [False]
    made = kg.sparql("CONSTRUCT { ?book tg:followed_by ?film } WHERE { ?film tg:based_on ?book }")
    assert made.to_dict("records") == [
        {"subject": "book:heart-of-darkness", "predicate": "tg:followed_by", "object": "imdb:tt0078788"}
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("SELECT ?x WHERE { ?x", "not SPARQL"),
        ("SELECT ?x WHERE { nowhere:a ?p ?x }", "not SPARQL"),
        ("INSERT DATA { imdb:tt1 tg:based_on book:a }", "add facts to the workspace"),
        ("DELETE WHERE { ?s ?p ?o }", "add facts to the workspace"),
        ("SELECT * { SERVICE <http://example.org/sparql> { ?s ?p ?o } }", "SERVICE is not allowed"),
        ("SELECT * { service silent ?where { ?s ?p ?o } }", "SERVICE is not allowed"),
    ],
)
def test_what_is_no_query_of_the_workspace(kg: KnowledgeGraph, text: str, why: str) -> None:
    with pytest.raises(QueryError, match=why):
        kg.sparql(text)


def test_a_text_may_say_service(kg: KnowledgeGraph) -> None:
    assert kg.sparql('SELECT ?service { ?service rdfs:label "SERVICE" } # SERVICE').empty


def test_the_answers_are_those_of_another_engine(kg: KnowledgeGraph) -> None:
    """rdflib's own SPARQL over the same statements in memory."""
    reference = rdflib.Graph()
    for prefix, namespace in kg.schema.prefixes.items():
        reference.bind(prefix, namespace)
    for statement in kg.rdf():
        reference.add(statement)
    for text in (
        "SELECT ?a ?b { ?a tg:based_on|tg:starring ?b } ORDER BY ?b",
        "SELECT ?t (COUNT(?x) AS ?n) { ?x a ?t } GROUP BY ?t ORDER BY ?t",
        "SELECT ?a { ?a tg:year ?y FILTER(?y < 1980) }",
    ):
        expected = [[kg.schema.compact(str(v)) for v in row] for row in reference.query(text)]  # type: ignore[union-attr]
        assert kg.sparql(text).astype(str).to_numpy().tolist() == expected
        assert expected


def test_rdflib_graph(kg: KnowledgeGraph) -> None:
    graph = kg.rdf()
    assert isinstance(graph, rdflib.Graph)
    film = rdflib.URIRef("https://www.imdb.com/title/tt0078788")
    tg = rdflib.Namespace("https://w3id.org/titlegraph/schema#")
    assert (film, RDF.type, tg.Film) in graph
    assert str(graph.value(film, RDFS.label)) == "Apocalypse Now"
    assert len(list(graph.triples((film, tg.based_on, None)))) == 1
    assert graph.value(predicate=OWL.sameAs, object=film) == rdflib.URIRef("https://www.themoviedb.org/movie/28")
    assert len(graph) == len(list(graph)) == len(kg.sparql("SELECT * { ?s ?p ?o }"))
    (row,) = graph.query("SELECT ?y { ?film tg:year ?y }")
    assert row[0].toPython() == 1979  # type: ignore[index]
    assert "imdb:tt0078788 a tg:Film" in graph.serialize(format="turtle")


def test_the_view_follows_the_versions(kg: KnowledgeGraph) -> None:
    everything = "SELECT ?a { ?a tg:storyline ?tag }"
    assert len(kg.sparql(everything)) == 1
    old = kg.version
    kg.add_facts(frame(("imdb:tt0137523", "storyline", "tag:fight")))
    assert len(kg.sparql(everything)) == 2
    assert len(kg.at(old).sparql(everything)) == 1
    views = kg.workspace.cache.glob(f"rdf-{kg.version:08d}-*")
    assert len(list(views)) == 1
    kg.add_facts(frame(("imdb:tt0137523", "storyline", "tag:club")))
    kg.sparql(everything)
    assert [p.name[4:12] for p in kg.workspace.cache.glob("rdf-*-*")] == [f"{kg.version:08d}"]  # older ones are gone


def test_a_reader_keeps_the_view_that_it_has_open(kg: KnowledgeGraph) -> None:
    reader = KnowledgeGraph.open(kg.workspace.path)
    assert len(reader.sparql("SELECT ?a { ?a tg:storyline ?tag }")) == 1
    kg.add_facts(frame(("imdb:tt0137523", "storyline", "tag:fight")))
    assert len(kg.sparql("SELECT ?a { ?a tg:storyline ?tag }")) == 2
    assert len(reader.sparql("SELECT ?a { ?a tg:storyline ?tag }")) == 1
    assert len(reader.sparql("SELECT ?a { ?a tg:starring ?who }")) == 1


def test_a_relation_of_ones_own(kg: KnowledgeGraph) -> None:
    kg.workspace.schema_file.write_text(
        """
        @prefix my: <https://example.org/my#> .
        @prefix tg: <https://w3id.org/titlegraph/schema#> .
        @prefix owl: <http://www.w3.org/2002/07/owl#> .
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        my:parodies a owl:ObjectProperty ; rdfs:domain tg:Work ; rdfs:range tg:Work .
        """
    )
    kg = KnowledgeGraph.open(kg.workspace.path)
    kg.add_facts(frame(("imdb:tt0107144", "my:parodies", "imdb:tt0078788")))
    assert kg.sparql("SELECT ?what { imdb:tt0107144 my:parodies ?what }")["what"].tolist() == ["imdb:tt0078788"]


@pytest.mark.slow
def test_several_processes_at_once_build_one_view_and_read_it(kg: KnowledgeGraph) -> None:
    code = (
        "import sys; from kg import KnowledgeGraph\n"
        "kg = KnowledgeGraph.open(sys.argv[1])\n"
        "print(kg.sparql('SELECT (COUNT(*) AS ?n) { ?s ?p ?o }')['n'][0])"
    )
    command = [sys.executable, "-c", code, str(kg.workspace.path)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    counts = {process.communicate(timeout=120)[0].strip() for process in running}
    assert counts == {str(len(kg.sparql("SELECT * { ?s ?p ?o }")))}


def test_what_a_killed_builder_left_is_cleared_away(kg: KnowledgeGraph) -> None:
    kg.sparql("ASK { ?s ?p ?o }")
    (view,) = kg.workspace.cache.glob("rdf-*-*")
    for file in view.iterdir():  # a damaged view
        file.write_bytes(b"")
    (kg.workspace.cache / "rdf-00000001-abc.draft").mkdir()
    again = KnowledgeGraph.open(kg.workspace.path)
    assert len(again.sparql("SELECT ?a { ?a tg:storyline ?tag }")) == 1
    assert not list(kg.workspace.cache.glob("*.draft"))
