"""What comes into a workspace from RDF, and what is set apart."""

from __future__ import annotations

import gzip
import tempfile
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg import KnowledgeGraph
from kg.errors import InputError, RdfSyntaxError
from kg.rdf import batch_from_rdf, read_quads
from kg.rdf.importer import read_statements
from kg.rdf.iris import compact, expand
from kg.schema import Schema

SCHEMA = Schema.load()
PREFIXES = """\
@prefix tg: <https://w3id.org/titlegraph/schema#> .
@prefix imdb: <https://www.imdb.com/title/> .
@prefix book: <https://w3id.org/titlegraph/book/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix source: <https://w3id.org/titlegraph/source/> .
"""


@pytest.fixture
def kg(tmp_path: Path) -> KnowledgeGraph:
    return KnowledgeGraph.create(tmp_path / "workspace")


def land(kg: KnowledgeGraph, path: Path) -> pd.DataFrame:
    """Take a file in; the rejected rows."""
    for batch in batch_from_rdf(kg.schema, path, source="file"):
        kg.replace(batch)
    return kg.rejected().sort_values("line", ignore_index=True)


def test_declared_relations_and_known_literals_come_in(kg: KnowledgeGraph, tmp_path: Path) -> None:
    file = tmp_path / "some.ttl"
    file.write_text(
        PREFIXES
        + """
        imdb:tt0078788 a tg:Film ;
            rdfs:label "Apocalypse Now"@fr, "Apocalypse now"@en-GB, "Apocalypse Now" ;
            skos:altLabel "Apocalypse Now Redux" ;
            tg:based_on book:heart-of-darkness ;
            tg:year 1979 ; tg:launch "1979-08-15Z"^^xsd:date ; tg:runtime 153.0 ; tg:summary "Up the river."@en ;
            owl:sameAs <http://www.wikidata.org/entity/Q182692> .
        """,
        encoding="utf-8",
    )
    assert land(kg, file).empty
    assert {tuple(f) for f in kg.facts()[["head", "relation", "tail", "source"]].to_numpy()} == {
        ("imdb:tt0078788", "based_on", "book:heart-of-darkness", "file"),
        ("imdb:tt0078788", "same_as", "wd:Q182692", "file"),
    }
    (film,) = kg.titles().to_dict("records")
    assert (film["label"], film["kind"], film["year"], film["runtime"]) == ("Apocalypse now", "film", 1979, 153.0)
    assert (film["launch"], film["summary"]) == (date(1979, 8, 15), "Up the river.")
    (entity,) = kg.entities().query("id == 'imdb:tt0078788'").to_dict("records")
    assert list(entity["other_labels"]) == ["Apocalypse Now", "Apocalypse Now Redux"]
    assert set(kg.canonical(pa.array(["wd:Q182692"])).to_pylist()) == {"imdb:tt0078788"}


def test_the_rest_is_set_apart_with_its_line(kg: KnowledgeGraph, tmp_path: Path) -> None:
    tg, imdb = "https://w3id.org/titlegraph/schema#", "https://www.imdb.com/title"
    lines = [
        f"<{imdb}/tt1> <{tg}starring> <https://www.imdb.com/name/nm1> .",
        f'<{imdb}/tt1> <{tg}starring> "Marlon Brando" .',
        f"<{imdb}/tt1> <http://dbpedia.org/ontology/budget> <http://dbpedia.org/resource/Money> .",
        "# a comment",
        f"_:somebody <{tg}starring> <https://www.imdb.com/name/nm1> .",
        f'<{imdb}/tt1> <{tg}year> "nineteen" .',
        f"<{imdb}/tt1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://schema.org/Movie> .",
        f"<{imdb}/tt1> <{tg}starring> broken",
        "",
        f'<{imdb}/tt1> <{tg}year> "1979" .',
        f'<{imdb}/tt1> <{tg}year> "1980" .',
        f"<{imdb}/tt1> <{tg}year> <{imdb}/tt2> .",
        f"<{imdb}/tt1>  <{tg}directed_by>\t<https://www.imdb.com/name/nm2> . # with a comment",
        f"<{imdb}/tt1> <{tg}storyline> <{imdb}/tt1> .",
    ]  # fmt: skip
    file = tmp_path / "some.nt"
    file.write_bytes("\r\n".join(lines).encode() + b'\n<http://a> <http://b> "\xff" .\n')
    rejected = land(kg, file)
    reasons = dict(zip(rejected["line"], rejected["reason"], strict=True))
    assert set(rejected["file"]) == {"some.nt"}
    assert set(rejected["source"]) == {"file"}
    assert list(reasons) == [2, 3, 5, 6, 7, 8, 11, 12, 14, 15]
    assert "a literal" in reasons[2]
    assert "no relation or attribute is called http://dbpedia.org/ontology/budget" in reasons[3]
    assert "blank node" in reasons[5]
    assert "year is not a whole number" in reasons[6]
    assert "no type of that name" in reasons[7]
    assert "not well-formed RDF" in reasons[8]
    assert "another year" in reasons[11]
    assert "year is not a literal" in reasons[12]
    assert "should be a Tag" in reasons[14]  # parses, and the workspace refuses it
    assert "UTF-8" in reasons[15]
    assert rejected["row"][0] == f'<{imdb}/tt1> <{tg}starring> "Marlon Brando"'
    assert set(kg.facts()["relation"]) == {"starring", "directed_by"}
    assert kg.titles()["year"].tolist() == [1979]


def test_named_graphs_are_sources(kg: KnowledgeGraph, tmp_path: Path) -> None:
    file = tmp_path / "some.trig"
    file.write_text(
        PREFIXES
        + """
        source:first%20list { imdb:tt1 tg:based_on book:a ; rdfs:label "One" . }
        <http://example.org/g> { imdb:tt1 tg:based_on book:a ; rdfs:label "Uno" . }
        imdb:tt2 tg:based_on book:a .
        _:graph { imdb:tt3 tg:based_on book:a . }
        """
    )
    assert land(kg, file).empty
    assert set(map(tuple, kg.facts()[["head", "source"]].to_numpy())) == {
        ("imdb:tt1", "first list"),
        ("imdb:tt1", "http://example.org/g"),
        ("imdb:tt2", "file"),
        ("imdb:tt3", "file"),
    }
    one = kg.entities().set_index("id").loc["imdb:tt1"]
    assert (one["label"], list(one["other_labels"]), one["source"]) == ("One", ["Uno"], "first list")


def test_a_broken_turtle_document_is_set_apart_whole(kg: KnowledgeGraph, tmp_path: Path) -> None:
    file = tmp_path / "some.ttl"
    file.write_text(PREFIXES + "imdb:tt1 tg:based_on book:a .\nimdb:tt2 tg:based_on .\n")
    (row,) = land(kg, file).to_dict("records")
    assert row["line"] == PREFIXES.count("\n") + 2
    assert "not well-formed RDF" in row["reason"]
    assert kg.facts().empty


@pytest.mark.parametrize("content", [b"", b"\n\n", b"# nothing\n"])
def test_an_empty_document(kg: KnowledgeGraph, tmp_path: Path, content: bytes) -> None:
    for extension in ("nt", "ttl"):
        (tmp_path / f"empty.{extension}").write_bytes(content)
        assert land(kg, tmp_path / f"empty.{extension}").empty
    assert kg.facts().empty


def test_a_gzip_file_that_breaks_off_is_read_up_to_there(tmp_path: Path) -> None:
    tg, imdb = "https://w3id.org/titlegraph/schema#", "https://www.imdb.com/title"
    text = "".join(f"<{imdb}/tt{i}> <{tg}starring> <https://www.imdb.com/name/nm{i * 7919}> .\n" for i in range(20_000))
    packed = gzip.compress(text.encode())
    (tmp_path / "whole.nt.gz").write_bytes(packed)
    table, broken = read_statements(tmp_path / "whole.nt.gz")
    assert (table.num_rows, broken) == (20_000, [])
    (tmp_path / "half.nt.gz").write_bytes(packed[: len(packed) // 2])
    table, broken = read_statements(tmp_path / "half.nt.gz")
    assert table["line"].to_pylist() == list(range(1, table.num_rows + 1))
    assert "not a whole gzip file" in " ".join(b.why for b in broken)
    with pytest.raises(RdfSyntaxError, match="gzip"):
        list(read_quads(tmp_path / "half.nt.gz"))


def test_one_long_line(kg: KnowledgeGraph, tmp_path: Path) -> None:
    file = tmp_path / "long.nt"
    file.write_bytes(b"<https://www.imdb.com/title/tt1> " + b"x" * 40_000_000 + b"\n")
    (row,) = land(kg, file).to_dict("records")
    assert row["line"] == 1
    assert len(row["row"]) < 1000


def test_another_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'\.csv' is not an RDF format"):
        list(read_quads(tmp_path / "some.csv"))


def test_relative_iris_need_a_base() -> None:
    with pytest.raises(RdfSyntaxError, match="line 2"):
        list(read_quads(b"\n<a> <b> <c> .", "ttl"))
    (quad,) = read_quads(b"<a> <b> <c> .", "ttl", "http://example.org/d/")
    assert quad.subject == ox.NamedNode("http://example.org/d/a")


# -- whole columns at a time

nodes = st.one_of(
    st.sampled_from(["<http://a.b/c>", "<urn:isbn:1>", "<http://a/#x>", "<http://a/%41>", "_:x", "<http://ä.de/é>"]),
    st.sampled_from(
        ["<http://a b>", "<http://a/%4>", "<a>", "<http://a/#x#y>", "<http://[>", "<http://a/\\u00e9>", "<urn:x>"]
    ),
    st.text(st.characters(codec="utf-8"), max_size=5).map(lambda t: f"<http://a/{t}>"),
)
literals = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=5).map(lambda t: f'"{t}"'),
    st.sampled_from(
        ['""', '"a b"@en', '"a"@EN-gb', '"a"@', '"a"^^<http://d/t>', '"\\n"', '"a"@toolonglanguage', '"x" "y"']
    ),
    st.just('"a"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString>'),
)
space = st.sampled_from([" ", "", "  ", "\t"])


@st.composite
def documents(draw: st.DrawFn) -> str:
    text = ""
    for _ in range(draw(st.integers(1, 5))):
        parts = [draw(nodes), draw(nodes), draw(nodes | literals), *draw(st.lists(nodes, max_size=1)), "."]
        text += "".join(part + draw(st.just(" ") | space) for part in parts).rstrip(" ")
        text += draw(st.sampled_from(["\n", "\n", "\r\n", " # x\n", "\n\n", " junk\n"]))
    return text


@settings(max_examples=300, deadline=None)
@given(document=documents(), extension=st.sampled_from(["nt", "nq"]))
def test_lines_are_read_as_the_parser_reads_them(document: str, extension: str) -> None:
    """The array operations accept what the parser accepts, line by line, and find the same terms."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"some.{extension}"
        file.write_bytes(document.encode())
        table, broken = read_statements(file)
    expected, bad = [], []
    for number, line in enumerate(document.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        try:
            expected += [(number, q) for q in read_quads(line.encode(), extension)]
        except RdfSyntaxError:
            bad.append(number)
    rows = table.to_pylist()
    assert [(r["line"], r["subject"], r["object"], r["graph"]) for r in rows] == [
        (number, str_of(q.subject), str_of(q.object), str_of(q.graph_name)) for number, q in expected
    ]
    assert [r["language"] for r in rows] == [getattr(q.object, "language", None) for _, q in expected]
    assert [b.line for b in broken] == bad


def str_of(term: object) -> str | None:
    if isinstance(term, ox.DefaultGraph):
        return None
    return f"_:{term.value}" if isinstance(term, ox.BlankNode) else term.value  # type: ignore[attr-defined]


# -- identifiers

iris = st.sampled_from([*SCHEMA.prefixes.values(), "http://other.example/"]).flatmap(
    lambda namespace: st.text("ab/#:%é", max_size=4).map(lambda local: namespace + local)
)


@given(st.lists(iris, min_size=1))
def test_arrays_of_iris_are_made_compact_as_one_is(many: list[str]) -> None:
    ids = compact(SCHEMA, pa.array(many)).to_pylist()
    assert ids == [SCHEMA.compact(iri) for iri in many]
    assert expand(SCHEMA, pa.array(ids)).to_pylist() == many


def test_a_label_alone_does_not_make_a_person_a_work(kg: KnowledgeGraph, tmp_path: Path) -> None:
    file = tmp_path / "some.ttl"
    file.write_text(
        PREFIXES
        + """
        imdb:tt1 tg:starring <https://www.imdb.com/name/nm8> .
        <https://www.imdb.com/name/nm8> rdfs:label "Marlon Brando" .
        <https://www.imdb.com/name/nm9> rdfs:label "Somebody" .
        """
    )
    assert land(kg, file).empty
    entities = kg.entities().set_index("id")
    assert entities.loc["imdbname:nm8", ["type", "label"]].tolist() == ["Person", "Marlon Brando"]
    assert entities.loc["imdbname:nm9", "type"] == "Work"


def test_reading_a_file_again_changes_nothing(kg: KnowledgeGraph, tmp_path: Path) -> None:
    file = tmp_path / "some.nq"
    tg, imdb, graph = "https://w3id.org/titlegraph/schema#", "https://www.imdb.com/title", "<http://example.org/g>"
    file.write_text(
        f"<{imdb}/tt1> <{tg}starring> <https://www.imdb.com/name/nm1> {graph} .\n"
        f'<{imdb}/tt1> <{tg}starring> "nobody" {graph} .\n'
        f"<{imdb}/tt1> <{tg}directed_by> <https://www.imdb.com/name/nm1> .\nbroken\n"
    )
    first, version = land(kg, file), kg.version
    assert first[["source", "line"]].to_numpy().tolist() == [["http://example.org/g", 2], ["http://example.org/g", 4]]
    assert len(land(kg, file)) == 2
    assert kg.version == version
