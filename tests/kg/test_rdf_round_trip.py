"""What is exported and read into an empty workspace is the same again."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg import Batch, KnowledgeGraph
from kg.rdf import FORMATS, batch_from_rdf, export, read_quads
from kg.schema import ILLEGAL_IN_IRI

GRAPHS = ("nq", "trig", "jsonld")


def imported(path: Path, folder: Path, source: str = "import") -> KnowledgeGraph:
    kg = KnowledgeGraph.create(folder)
    for batch in batch_from_rdf(kg.schema, path, source=source):
        change = kg.replace(batch)
        assert change.rejected.empty, change.rejected["reason"].tolist()
    return kg


def facts(kg: KnowledgeGraph, columns: Sequence[str] = ("head", "relation", "tail", "source")) -> set[tuple[str, ...]]:
    return set(kg.facts()[list(columns)].itertuples(index=False, name=None))


def entities(kg: KnowledgeGraph) -> dict[str, tuple[Any, ...]]:
    return {
        e.id: (e.type, e.label, {*(() if e.other_labels is None else e.other_labels)} - {e.label})
        for e in kg.entities().itertuples()
    }


def titles(kg: KnowledgeGraph) -> dict[str, tuple[Any, ...]]:
    frame = pd.concat([kg.titles(), kg.titles(kind="book")])
    values = frame[["label", "kind", "year", "launch", "runtime", "summary"]].astype(object)
    values = values.where(values.notna(), None)
    return dict(zip(frame["id"], values.itertuples(index=False, name=None), strict=True))


@pytest.mark.parametrize("extension", [*FORMATS, "nt.gz", "ttl.gz"])
def test_a_small_workspace(tmp_path: Path, extension: str) -> None:
    kg = KnowledgeGraph.create(tmp_path / "before")
    frame = pd.DataFrame(
        [
            ("imdb:tt0078788", "based_on", "book:heart-of-darkness"),
            ("tmdb:28", "storyline", "tag:moral-dilemmas"),
            ("tmdb:28", "same_as", "imdb:tt0078788"),
        ],
        columns=["head", "relation", "tail"],
    )
    names = pd.DataFrame(
        {
            "id": ["imdb:tt0078788", "tmdb:28", "book:heart-of-darkness"],
            "type": ["Film", "Film", "Book"],
            "label": ["Apocalypse Now", 'Apocalypse "Now"\n(Redux) \\o/', "Heart of Darkness"],
            "other_labels": [["Le Seigneur des mouches?", "地獄の黙示録"], None, None],
        }
    )
    told = pd.DataFrame(
        {
            "title": ["imdb:tt0078788", "book:heart-of-darkness"],
            "kind": ["film", "book"],
            "year": [1979, 1899],
            "launch": [date(1979, 8, 15), None],
            "runtime": [153.5, None],
            "summary": ['Up the river,\tto "the horror".', None],
        }
    )
    kg.add(Batch(source="a list", entities=names, facts=frame, titles=told))
    kg.add_facts(frame.head(1), source="user")

    export(kg, tmp_path / f"workspace.{extension}")
    back = imported(tmp_path / f"workspace.{extension}", tmp_path / "after")

    assert entities(back) == entities(kg)
    assert entities(back)["imdb:tt0078788"][2] == {
        "Le Seigneur des mouches?", "地獄の黙示録", 'Apocalypse "Now"\n(Redux) \\o/'
    }  # fmt: skip
    assert titles(back) == titles(kg)
    if extension in GRAPHS:
        assert facts(back) == facts(kg)
        assert ("imdb:tt0078788", "based_on", "book:heart-of-darkness", "user") in facts(back)
    else:
        assert facts(back, ("head", "relation", "tail")) == facts(kg, ("head", "relation", "tail"))
        assert set(back.facts()["source"]) == {"import"}


def test_every_document_is_well_formed(tmp_path: Path) -> None:
    """The independent check of what is written: the strict reader finds the same statements in every format."""
    kg = KnowledgeGraph.create(tmp_path / "workspace")
    odd = [
        "tag:a%20b",
        "tag:ü-寄生虫",
        "tag:a(b)'c",
        "tag:a/b;c=d,e",
        "https://example.org/x?y=z#w",
        "isbn:978",
        "tag:a.b.",
    ]
    kg.add_facts(pd.DataFrame({"head": "imdb:tt1", "relation": "storyline", "tail": odd}), source="ü/ % #")
    documents = {}
    for extension in FORMATS:
        export(kg, tmp_path / f"w.{extension}")
        documents[extension] = set(read_quads(tmp_path / f"w.{extension}"))
    assert documents["nt"] == documents["ttl"]
    assert documents["nq"] == documents["trig"] == documents["jsonld"]
    assert {(q.subject, q.predicate, q.object) for q in documents["nt"]} == {
        (q.subject, q.predicate, q.object) for q in documents["nq"]
    }
    assert len(documents["nt"]) == 2 * len(odd) + 1  # a fact and a type for each, and the type of the film


# -- any workspace

local = st.text(st.characters(codec="utf-8", exclude_categories=("Cn", "Cs", "Zs")), min_size=1, max_size=6).filter(
    lambda text: not pd.Series([text]).str.contains(ILLEGAL_IN_IRI, regex=True).any()
)
labels = st.text(st.characters(codec="utf-8", exclude_categories=("Cn",)), min_size=1, max_size=8)
SOURCES = ("user", "a b/ü", "x:y%20")


@st.composite
def workspaces(draw: st.DrawFn) -> list[Batch]:
    names = {
        kind: draw(st.lists(local, min_size=1, max_size=3, unique=True))
        for kind in ("Film", "Book", "Person", "Storyline")
    }
    prefix = {"Film": "title", "Book": "book", "Person": "person", "Storyline": "tag"}
    ids = {kind: [f"{prefix[kind]}:{n}" for n in some] for kind, some in names.items()}
    stated = [
        ("Film", "based_on", "Book"),
        ("Film", "starring", "Person"),
        ("Film", "storyline", "Storyline"),
        ("Film", "same_as", "Film"),
        ("Person", "same_as", "Person"),
        ("Book", "different_from", "Book"),
    ]

    def fact(kinds: tuple[str, str, str]) -> st.SearchStrategy[tuple[str, str, str]]:
        head, relation, tail = kinds
        return st.tuples(st.sampled_from(ids[head]), st.just(relation), st.sampled_from(ids[tail]))

    batches = []
    for source in draw(st.lists(st.sampled_from(SOURCES), min_size=1, max_size=3, unique=True)):
        rows = draw(st.lists(st.sampled_from(stated).flatmap(fact), max_size=6))
        known = [(i, kind) for kind in ids for i in ids[kind]]
        entities = pd.DataFrame(known, columns=["id", "type"]).assign(
            label=[draw(st.none() | labels) for _ in known],
            other_labels=[draw(st.none() | st.lists(labels, min_size=1, max_size=2, unique=True)) for _ in known],
        )
        works = [(i, kind.lower()) for i, kind in known if kind in ("Film", "Book")]
        told = pd.DataFrame(works, columns=["title", "kind"]).assign(
            year=pd.array([draw(st.none() | st.integers(-999, 2100)) for _ in works], dtype="Int64"),
            launch=[draw(st.none() | st.dates(date(1888, 1, 1))) for _ in works],
            runtime=[draw(st.none() | st.floats(0, 1e6, width=32)) for _ in works],
            summary=[draw(st.none() | labels) for _ in works],
        )
        frame = pd.DataFrame(rows, columns=["head", "relation", "tail"])
        batches.append(Batch(source=source, entities=entities, facts=frame, titles=told))
    return batches


@pytest.mark.slow
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(batches=workspaces(), extension=st.sampled_from(sorted(FORMATS)))
def test_any_workspace(batches: list[Batch], extension: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        kg = KnowledgeGraph.create(Path(folder) / "before")
        for batch in batches:
            kg.add(batch)
        export(kg, Path(folder) / f"w.{extension}")
        back = imported(Path(folder) / f"w.{extension}", Path(folder) / "after", source=batches[0].source)
        columns = ["head", "relation", "tail", *(["source"] if extension in GRAPHS else [])]
        assert facts(back, columns) == facts(kg, columns)
        assert entities(back) == entities(kg)
        assert titles(back) == titles(kg)
