"""The W3C's RDF 1.1 suites: every positive test gives the expected graph, every negative one is refused."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.collection import Collection
from rdflib.namespace import RDF

from kg.errors import RdfSyntaxError
from kg.rdf import read_quads
from kg.rdf.importer import read_statements
from kg.rdf.statements import BLANK, LITERAL

SUITES = Path(__file__).parents[2].parent / "shared" / "data" / "rdf-tests"
MF = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")


class Case(NamedTuple):
    folder: Path
    kind: str
    action: str
    result: str | None
    base: str


def cases() -> list[object]:
    """The tests that the manifests list; collected here, since pytest asks for them before any fixture runs."""
    found: list[object] = []
    for manifest in sorted(SUITES.glob("*/manifest.ttl")):
        here = "http://manifest.example/"
        graph = rdflib.Graph().parse(manifest, publicID=here)
        top = graph.value(predicate=RDF.type, object=MF.Manifest)
        base = graph.value(top, MF.assumedTestBase) or here
        for entry in Collection(graph, graph.value(top, MF.entries)):  # type: ignore[arg-type]
            kind = str(graph.value(entry, RDF.type)).partition("#")[2]
            action, result = (graph.value(entry, p) for p in (MF.action, MF.result))
            name = str(action).removeprefix(here)
            expected = None if result is None else str(result).removeprefix(here)
            case = Case(manifest.parent, kind, name, expected, f"{base}{name}")
            found.append(pytest.param(case, id=f"{manifest.parent.name}/{str(entry).partition('#')[2]}"))
    return found or [pytest.param(None, marks=pytest.mark.skip(reason="the W3C suites are not in ../shared/data"))]


def canonical(quads: list[ox.Quad]) -> ox.Dataset:
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return dataset


@pytest.mark.parametrize("case", cases())
def test_suite(case: Case) -> None:
    document = case.folder / case.action
    if "Negative" in case.kind:
        with pytest.raises(RdfSyntaxError):
            list(read_quads(document, base=case.base))
        return
    quads = list(read_quads(document, base=case.base))
    if case.kind.endswith("Eval"):
        assert case.result is not None
        assert canonical(quads) == canonical(list(read_quads(case.folder / case.result)))


LINES = [p for p in cases() if p.values[0] is None or p.values[0].action.endswith((".nt", ".nq"))]  # type: ignore[attr-defined]


@pytest.mark.parametrize("case", LINES)
def test_reading_whole_columns_gives_the_same(case: Case) -> None:
    """The fast path to the workspace reads what the parser reads, and finds the bad lines."""
    table, broken = read_statements(case.folder / case.action)
    if "Negative" in case.kind:
        assert broken
        return
    assert not broken
    assert {as_quad(**row) for row in table.drop(["line"]).to_pylist()} == set(read_quads(case.folder / case.action))


def as_quad(
    subject: str, predicate: str, object: str, kind: int, datatype: str | None, language: str | None, graph: str | None
) -> ox.Quad:
    def node(text: str) -> ox.NamedNode | ox.BlankNode:
        return ox.BlankNode(text[2:]) if text.startswith("_:") else ox.NamedNode(text)

    value: ox.NamedNode | ox.BlankNode | ox.Literal
    if kind == LITERAL:
        value = ox.Literal(object, language=language, datatype=ox.NamedNode(datatype) if datatype else None)
    else:
        value = node(object)
        assert isinstance(value, ox.BlankNode) == (kind == BLANK)
    return ox.Quad(node(subject), ox.NamedNode(predicate), value, node(graph) if graph else ox.DefaultGraph())


def test_the_suites_are_all_there(shared_data: Path) -> None:
    listed = sum(manifest.read_text().count("mf:action") for manifest in shared_data.glob("rdf-tests/*/manifest.ttl"))
    assert listed == len(cases()) == 826


@pytest.mark.parametrize(
    "document",
    [
        "<http://a> <http://b> <<( <http://a> <http://b> <http://c> )>> .",
        "<http://a> <http://b> <http://c> {| <http://d> <http://e> |} .",
        "<http://a> <http://b> <http://c> ~ <http://r> .",
        '<http://a> <http://b> "x"@ar--rtl .',
    ],
)
def test_what_only_rdf_1_2_has_is_refused(document: str) -> None:
    with pytest.raises(RdfSyntaxError, match=r"RDF 1\.2"):
        list(read_quads(document.encode(), "ttl"))
