"""RDF statements as columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyoxigraph as ox

from kg.keys import Ints

IRI, BLANK, LITERAL = 0, 1, 2
_KINDS = {ox.NamedNode: IRI, ox.BlankNode: BLANK, ox.Literal: LITERAL}
TEXT = pa.dictionary(pa.int32(), pa.string())
#: One row a statement. `kind` says what the object is; `datatype` (an IRI) and `language` are those of a literal; an
#: empty graph is the default graph; `line` is empty where a statement has no line of its own. Blank nodes are written
#: ``_:name``.
STATEMENTS = pa.schema(
    {
        "subject": TEXT,
        "predicate": TEXT,
        "object": TEXT,
        "kind": pa.int8(),
        "datatype": TEXT,
        "language": TEXT,
        "graph": TEXT,
        "line": pa.int64(),
    }
)


class Broken(NamedTuple):
    """A line that is no statement, or the place where a document stops to be RDF."""

    line: int | None
    why: str
    text: str = ""


def narrow(codes: Ints, values: pa.StringArray) -> pa.DictionaryArray:
    """``values[codes]`` as a dictionary of those values alone that are there."""
    used = np.zeros(len(values), dtype=bool)
    used[codes] = True
    place = np.cumsum(used, dtype=np.int32) - 1
    return pa.DictionaryArray.from_arrays(pa.array(place[codes], pa.int32()), values.filter(pa.array(used)))


def table_of(quads: Iterable[tuple[ox.Quad, int | None]]) -> pa.Table:
    """Quads, each with its line, as a table with the columns :data:`STATEMENTS`."""
    columns: dict[str, list[object]] = {name: [] for name in STATEMENTS.names}
    subject, predicate, object_, kind, datatype, language, graph, line = columns.values()
    for quad, number in quads:
        value = quad.object
        subject.append(_text(quad.subject))
        predicate.append(quad.predicate.value)
        object_.append(_text(value))
        kind.append(_KINDS[type(value)])
        language.append(value.language if isinstance(value, ox.Literal) else None)
        datatype.append(value.datatype.value if isinstance(value, ox.Literal) and not value.language else None)
        graph.append(None if isinstance(quad.graph_name, ox.DefaultGraph) else _text(quad.graph_name))
        line.append(number)
    plain = {c.name: pa.string() if c.type == TEXT else c.type for c in STATEMENTS}
    return pa.table({name: pa.array(values, plain[name]) for name, values in columns.items()}).cast(STATEMENTS)


def _text(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> str:
    assert not isinstance(term, ox.Triple)  # the reader lets no terms of RDF 1.2 through
    return f"_:{term.value}" if isinstance(term, ox.BlankNode) else term.value
