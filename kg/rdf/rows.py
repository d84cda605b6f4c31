"""A document's statements on their way into the workspace: compact identifiers, sources, and what is set apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kg.keys import Flags, Ints, encode, first_of_each, pack
from kg.rdf.iris import compact
from kg.rdf.names import ATTRIBUTES, LABEL, OTHER_LABEL, TYPE, relation_names, source_name
from kg.rdf.statements import BLANK, LITERAL, TEXT, Broken, narrow
from kg.schema import Schema

_APART = pa.schema({"source": TEXT, "line": pa.int64(), "reason": pa.string(), "row": pa.string()})


class Rows:
    """Statements [n], columns as in :data:`kg.rdf.statements.STATEMENTS`; `source` is that of the default graph.

    Functions say which rows they mean by their numbers.
    """

    def __init__(self, schema: Schema, statements: pa.Table, source: str) -> None:
        self.schema = schema
        self._encoded = {name: encode(statements[name]) for name in ("subject", "predicate", "object")}
        self._plain = {name: statements[name].combine_chunks() for name in ("language", "line")}
        self._kind = statements["kind"].to_numpy()
        self.sources, self._source = _sources(schema, statements["graph"], source)
        self._apart: list[pa.Table] = []
        self._usable = self._refuse()

    def _refuse(self) -> Flags:
        """bool [n]: which statements can be of use; the others are set apart."""
        subject, subjects = self._encoded["subject"]
        blank = pc.starts_with(subjects, "_:").to_numpy(zero_copy_only=False)[subject] | (self._kind == BLANK)
        self.set_apart(np.flatnonzero(blank), "a blank node has no name that others could use")
        attributes = [self.schema.attributes[name].iri for name in ATTRIBUTES]
        known = self._with([TYPE, LABEL, OTHER_LABEL, *relation_names(self.schema), *attributes])
        other = np.flatnonzero(~known & ~blank)
        predicates = self.ids("predicate", other).cast(pa.string())
        self.set_apart(other, pc.binary_join_element_wise("no relation or attribute is called", predicates, " "))
        return known & ~blank

    def _with(self, predicates: Sequence[str]) -> Flags:
        """bool [n]: the statements with one of these predicates."""
        codes, values = self._encoded["predicate"]
        named = pc.is_in(values, value_set=pa.array(predicates, pa.string())).to_numpy(zero_copy_only=False)
        return named[codes] if named.any() else np.zeros(len(codes), dtype=bool)

    def of(self, predicates: Sequence[str], kind: int, reason: str) -> Ints:
        """int64: the rows with one of `predicates`, whose object must be of `kind`; the others are set apart."""
        mine = self._with(predicates) & self._usable
        fits = self._kind == kind
        self.set_apart(np.flatnonzero(mine & ~fits), reason)
        return np.flatnonzero(mine & fits)

    def column(self, name: str, rows: Ints) -> pa.Array:
        """Some rows of a column, as the document has them."""
        return (
            narrow(self._encoded[name][0][rows], self._encoded[name][1])
            if name in self._encoded
            else self._plain[name].take(pa.array(rows))
        )

    def ids(self, name: str, rows: Ints) -> pa.DictionaryArray:
        """The compact identifiers in some rows of a column of IRIs."""
        iris = self.column(name, rows)
        return pa.DictionaryArray.from_arrays(iris.indices, compact(self.schema, iris.dictionary))

    def source(self, rows: Ints) -> pa.DictionaryArray:
        return self._source.take(pa.array(rows))

    def group(self, rows: Ints) -> tuple[pa.Array, pa.Array, Ints, Ints]:
        """Subjects by source, in order of appearance.

        Returns their identifiers [m] and sources [m], the subject of each of `rows` as a number below m, and the
        place in `rows` where each subject appears first [m].
        """
        ids, source = self.ids("subject", rows), self.source(rows)
        codes = np.asarray(pd.factorize(pack(pa.table({"id": ids, "source": source}), ("id", "source")))[0])
        first = np.flatnonzero(first_of_each(codes))
        return ids.take(pa.array(first)), source.take(pa.array(first)), codes, first

    # -- what is of no use

    def set_apart(self, rows: Ints, reason: str | pa.Array) -> None:
        """Set rows apart; `reason` is one for all of them, or an array."""
        if len(rows) == 0:
            return
        nodes = [self.column(name, rows).cast(pa.string()) for name in ("subject", "predicate", "object")]
        nodes, text = [_node(n) for n in nodes], nodes[2]
        nodes[2] = pc.if_else(pa.array(self._kind[rows] == LITERAL), _literal(text), nodes[2])
        reasons = pa.repeat(pa.scalar(reason), len(rows)) if isinstance(reason, str) else reason
        columns = [self.source(rows), self.column("line", rows), reasons, pc.binary_join_element_wise(*nodes, " ")]
        self._apart.append(pa.table(columns, schema=_APART))

    def apart(self, broken: list[Broken]) -> pa.Table:
        """What was set apart, and what is no RDF at all: source (empty for the batch's), line, reason, row."""
        lines, reasons, texts = zip(*broken, strict=True) if broken else ((), (), ())
        reasons = tuple(f"not well-formed RDF: {why}" for why in reasons)
        columns = [
            pa.nulls(len(broken), TEXT),
            *(
                pa.array(values, column.type)
                for values, column in zip((lines, reasons, texts), list(_APART)[1:], strict=True)
            ),
        ]
        return pa.concat_tables([pa.table(columns, schema=_APART), *self._apart])


def _sources(schema: Schema, graphs: pa.ChunkedArray, default: str) -> tuple[list[str], pa.DictionaryArray]:
    """The sources that named graphs stand for, in order of appearance, and that of each row."""
    codes, iris = encode(graphs)
    names = [source_name(schema, iri) if iri and not iri.startswith("_:") else default for iri in iris.to_pylist()]
    number = {name: i for i, name in enumerate(dict.fromkeys(names))}
    by_row = np.array([number[name] for name in names] or [0])[codes]
    distinct = list(number)
    order = [distinct[i] for i in pd.unique(by_row)]
    return order, pa.DictionaryArray.from_arrays(pa.array(by_row, pa.int32()), pa.array(distinct, pa.string()))


def _node(texts: pa.StringArray) -> pa.StringArray:
    """As N-Triples writes IRIs and blank nodes."""
    return pc.if_else(pc.starts_with(texts, "_:"), texts, pc.binary_join_element_wise("<", texts, ">", ""))


def _literal(texts: pa.StringArray) -> pa.StringArray:
    """Literals, for a person to read."""
    return pc.binary_join_element_wise('"', pc.utf8_slice_codeunits(texts, 0, 500), '"', "")
