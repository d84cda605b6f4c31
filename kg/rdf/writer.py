"""A workspace as RDF documents."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyoxigraph as ox

from kg.keys import encode, first_of_each, pack, whole
from kg.rdf.iris import expand
from kg.rdf.names import ATTRIBUTES, LABEL, OTHER_LABEL, TYPE, WELL_KNOWN, graph_iri, relation_iris
from kg.rdf.reader import format_of
from kg.tables import TITLES

if TYPE_CHECKING:
    from kg.knowledge_graph import KnowledgeGraph
    from kg.schema import Schema

_WITHOUT_GRAPHS = (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.TURTLE)
_SLICE = 1 << 20


def export(kg: KnowledgeGraph, path: str | Path, format: str | None = None) -> None:
    """Write the workspace as N-Triples, N-Quads, Turtle, TriG or JSON-LD, by the file's extension or `format`.

    Facts have canonical identifiers; other identifiers have a type, labels and owl:sameAs. Each source is a named
    graph, in formats that have graphs; in others a fact that several sources state is written once. Weights, dates and
    the tables of audiences and viewings have no place in RDF and stay behind. The file appears when it is whole; a
    name that ends in ``.gz`` is packed. Raises
    :class:`kg.errors.InputError` for another format.
    """
    path = Path(path)
    kind = format_of(path, format)
    texts = lines(kg, graphs=kind not in _WITHOUT_GRAPHS, merged=False)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with cast(IO[bytes], gzip.open(draft, "wb", 1) if path.suffix == ".gz" else draft.open("wb")) as file:
            if kind in (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS):
                for text in texts:
                    file.write(text)
            else:
                quads = (quad for text in texts for quad in ox.parse(text, format=ox.RdfFormat.N_QUADS, lenient=True))
                some = (quad.triple for quad in quads) if kind in _WITHOUT_GRAPHS else quads
                ox.serialize(some, file, kind, prefixes={**kg.schema.prefixes, **WELL_KNOWN})
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def lines(kg: KnowledgeGraph, *, graphs: bool, merged: bool) -> Iterator[bytes]:
    """The workspace as N-Quads, in pieces: entities in row order, then titles, then facts.

    Without `graphs` everything is in the default graph, each fact once. `merged` gives an entity the labels and types
    of its other identifiers, which have none; otherwise each has its own, from which the same can be made again.
    """
    yield from _entities(kg, graphs, merged)
    yield from _titles(kg, graphs)
    yield from fact_lines(kg, graphs=graphs)


def fact_lines(kg: KnowledgeGraph, *, graphs: bool) -> Iterator[bytes]:
    """The facts as N-Quads, in pieces."""
    columns = ["head", "relation", "tail", "source"]
    table = kg.facts_table().select(columns if graphs else columns[:3])
    if not graphs:
        table = table.filter(pa.array(first_of_each(pack(table, tuple(columns[:3])))))
    verbs = relation_iris(kg.schema)
    for start in range(0, table.num_rows, _SLICE):
        piece = table.slice(start, _SLICE)
        yield _text(
            _nodes(kg.schema, piece["head"]),
            _named(piece["relation"], verbs),
            _nodes(kg.schema, piece["tail"]),
            _graphs(kg.schema, piece["source"]) if graphs else None,
        )


def _entities(kg: KnowledgeGraph, graphs: bool, merged: bool) -> Iterator[bytes]:
    def labels(entities: pd.DataFrame, column: str, predicate: str) -> bytes:
        known = entities[["id", column, "source"]].dropna(subset=column)
        return _statements(kg.schema, known["id"], predicate, _literals(known[column]), known["source"], graphs)

    classes = {t.name: t.iri for t in kg.schema.types.values()}
    entities = kg.entities(raw=not merged)
    types = _named(_texts(entities["type"]), classes)
    yield _statements(kg.schema, entities["id"], TYPE, types, entities["source"], graphs)
    # A label that nobody gave is read off the identifier: it is of use to queries, but no source says it.
    yield labels(entities if merged else entities[entities["source"].notna()], "label", LABEL)
    yield labels(entities.explode("other_labels"), "other_labels", OTHER_LABEL)


def _titles(kg: KnowledgeGraph, graphs: bool) -> Iterator[bytes]:
    titles = kg.works()
    for name, datatype in ATTRIBUTES.items():
        known = titles[["id", name, "source"]].dropna()
        values = pa.array(known[name], TITLES.schema.field(name).type, from_pandas=True)
        if name == "runtime":  # xsd:decimal has no exponents
            values = pa.array(
                [format(Decimal(text), "f") for text in values.cast(pa.string()).to_pylist()], pa.string()
            )
        predicate = kg.schema.attributes[name].iri
        yield _statements(kg.schema, known["id"], predicate, _literals(values, datatype), known["source"], graphs)


def _statements(
    schema: Schema, ids: pd.Series[str], predicate: str, objects: pa.Array, sources: pd.Series[str], graphs: bool
) -> bytes:
    predicates = pa.repeat(f"<{predicate}>", len(ids))
    return _text(_nodes(schema, _texts(ids)), predicates, objects, _graphs(schema, _texts(sources)) if graphs else None)


def _text(subjects: pa.Array, predicates: pa.Array, objects: pa.Array, graphs: pa.Array | None) -> bytes:
    """Statements [n] as N-Quads; an empty graph is the default graph."""
    parts = [subjects, predicates, objects] if graphs is None else [subjects, predicates, objects, graphs]
    joined = whole(pc.binary_join_element_wise(*parts, ".\n", " ", null_handling="skip"))
    # One after the other in memory, the statements are the document.
    return bytes(joined.buffers()[2])[: pc.sum(pc.binary_length(joined), min_count=0).as_py()]


def _texts(column: pd.Series[str]) -> pa.Array:
    return whole(pa.array(column, pa.string(), from_pandas=True))


def _nodes(schema: Schema, ids: pa.Array | pa.ChunkedArray) -> pa.Array:
    codes, values = encode(ids)
    return pc.binary_join_element_wise("<", expand(schema, values), ">", "").take(pa.array(codes))


def _named(names: pa.Array | pa.ChunkedArray, iris: dict[str, str]) -> pa.Array:
    codes, values = encode(names)
    return pa.array([f"<{iris[name]}>" for name in values.to_pylist()], pa.string()).take(pa.array(codes))


def _graphs(schema: Schema, sources: pa.Array | pa.ChunkedArray) -> pa.Array:
    codes, values = encode(sources)
    iris = [None if name is None else f"<{graph_iri(schema, name)}>" for name in values.to_pylist()]
    return pa.array(iris, pa.string()).take(pa.array(codes))


def _literals(values: pd.Series[str] | pa.Array, datatype: str = ATTRIBUTES["summary"]) -> pa.Array:
    """Literals as N-Triples writes them."""
    texts = values.cast(pa.string()) if isinstance(values, pa.Array) else _texts(values)
    for character, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r")):
        texts = pc.replace_substring(texts, character, escaped)
    after = '"' if datatype == ATTRIBUTES["summary"] else f'"^^<{datatype}>'
    return pc.binary_join_element_wise('"', texts, after, "")
