"""What an RDF document says, as batches: declared relations and known literals; the rest is set apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyoxigraph as ox

from kg.errors import RdfSyntaxError
from kg.keys import Ints, encode, first_of_each, pack
from kg.rdf.lines import read_lines
from kg.rdf.names import LABEL, OTHER_LABEL, TYPE, relation_names
from kg.rdf.reader import format_of, read_quads
from kg.rdf.rows import Rows
from kg.rdf.statements import IRI, LITERAL, STATEMENTS, Broken, table_of
from kg.schema import Schema
from kg.tables import TITLES, Batch

_KINDS = {"Film": "film", "Series": "series", "Book": "book"}
Names = np.ndarray[Any, np.dtype[np.object_]]


def batch_from_rdf(
    schema: Schema, path: Path, *, source: str, format: str | None = None, base: str | None = None
) -> list[Batch]:
    """Read a file into one batch for each named graph, called after it; what is in the default graph is of `source`.

    Statements of declared relations, and owl:sameAs, become facts; types, rdfs:label and skos:altLabel entities;
    year, launch, runtime and summary titles, as does the type of a film, series or book. Everything else is
    rejected, with its line where the format has a statement a line. The first batch has the entities of all, in the
    order of the document, so that they are given rows in that order; and what is no RDF. `format` and `base` are those
    of :func:`kg.rdf.read_quads`. Raises :class:`kg.errors.InputError` for a format that is not read.
    """
    statements, broken = read_statements(path, format, base)
    rows = Rows(schema, statements, source)
    typed, types = _types(rows)
    facts, entities, titles = _facts(rows), _entities(rows, typed, types), _titles(rows, typed, types)
    apart = rows.apart(broken)
    batches: list[Batch] = []
    for name in rows.sources or [source]:
        first = not batches
        # An entity that several sources name is `met` in one row, which goes with the first batch.
        mine = pc.equal(entities["source"], name)
        mine = pc.or_(mine, entities["met"]) if first else pc.and_not(mine, entities["met"])
        batches.append(
            Batch(
                source=name,
                facts=_part(path, facts, pc.equal(facts["source"], name)),
                entities=_part(path, entities.drop(["met"]), mine),
                titles=_part(path, titles, pc.equal(titles["source"], name)),
                rejected=_part(path, apart, pc.fill_null(pc.equal(apart["source"], name), first)),
            )
        )
    return batches


def read_statements(path: Path, format: str | None = None, base: str | None = None) -> tuple[pa.Table, list[Broken]]:
    """The statements of a file in their order, columns as in :data:`STATEMENTS`, and what is broken in it.

    Of broken N-Triples and N-Quads the good lines are read; a broken document of the other formats has no statements.
    """
    kind = format_of(path, format)
    if kind in (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS):
        return read_lines(path, kind)
    try:
        return table_of((quad, None) for quad in read_quads(path, format, base)), []
    except RdfSyntaxError as error:
        return STATEMENTS.empty_table(), [Broken(error.line, error.why)]


def _part(path: Path, table: pa.Table, mask: pa.ChunkedArray) -> pa.Table | None:
    """The rows where `mask`, with the file they come from; nothing where there are none."""
    if not pc.all(mask, min_count=0).as_py():
        table = table.filter(mask)
    return table.append_column("file", pa.repeat(pa.scalar(path.name), len(table))) if len(table) else None


# -- the tables


def _facts(rows: Rows) -> pa.Table:
    names = relation_names(rows.schema)
    at = rows.of(list(names), IRI, "a relation stands between two entities, and this is a literal")
    predicates = rows.column("predicate", at)
    relations = pa.array([names[iri] for iri in predicates.dictionary.to_pylist()], pa.string())
    return pa.table(
        {
            "head": rows.ids("subject", at),
            "relation": pa.DictionaryArray.from_arrays(predicates.indices, relations),
            "tail": rows.ids("object", at),
            "source": rows.source(at),
            "line": rows.column("line", at),
        }
    )


def _types(rows: Rows) -> tuple[Ints, Names]:
    """The rows that state a declared type, and its names."""
    names = {t.iri: t.name for t in rows.schema.types.values()}
    at = rows.of([TYPE], IRI, "a type is not a literal")
    codes, classes = encode(rows.column("object", at))
    stated = np.array([names.get(c, "") for c in classes.to_pylist()] or [""], dtype=object)[codes]
    rows.set_apart(at[stated == ""], "no type of that name is declared")
    return at[stated != ""], stated[stated != ""]


def _entities(rows: Rows, typed: Ints, types: Names) -> pa.Table:
    """One row for each entity and source that names it or says its type; `met` is true at its first."""
    labelled = rows.of([LABEL, OTHER_LABEL], LITERAL, "a label is a literal")
    at = np.sort(np.concatenate([typed, labelled]))
    ids, source, entity, first = rows.group(at)
    type_of: list[str | None] = [None] * len(first)
    for row, i, name in zip(typed.tolist(), entity[np.searchsorted(at, typed)].tolist(), types, strict=True):
        now = type_of[i]
        if now is None or rows.schema.is_a(name, now):
            type_of[i] = name
        elif not rows.schema.is_a(now, name):
            rows.set_apart(np.array([row]), f"the entity is already a {now}")
    label, others = _labels(rows, labelled, entity[np.searchsorted(at, labelled)], len(first))
    columns = {
        "id": ids,
        "type": pa.array(type_of, pa.string()),
        "label": label,
        "other_labels": others,
        "source": source,
        "line": rows.column("line", at[first]),
    }
    return pa.table(columns | {"met": pa.array(first_of_each(pack(pa.table(columns), ("id",))))})


def _labels(rows: Rows, at: Ints, entity: Ints, count: int) -> tuple[pa.Array, pa.Array]:
    """The label [count] of each entity, and its other labels.

    The label is the first rdfs:label that is English or of no language, or else the first in any.
    """
    languages = rows.column("language", at).cast(pa.string())
    plain = pc.or_kleene(pc.is_null(languages), pc.match_substring_regex(languages, "^en(-|$)"))
    is_label = pc.equal(rows.column("predicate", at).cast(pa.string()), LABEL).to_numpy(zero_copy_only=False)
    rank = np.where(is_label, np.where(plain.to_numpy(zero_copy_only=False), 0, 1), 2)
    order = np.lexsort((at, rank, entity))
    texts = rows.column("object", at[order]).cast(pa.string())
    entity, is_label = entity[order], is_label[order]
    fresh = first_of_each(pack(pa.table({"entity": entity, "text": texts}), ("entity", "text")))
    head = first_of_each(entity) & is_label
    label = np.full(count, -1)
    label[entity[head]] = np.flatnonzero(head)
    other = np.flatnonzero(fresh & ~head)
    sizes = np.bincount(entity[other], minlength=count)
    offsets = pa.array(np.concatenate([[0], np.cumsum(sizes)]), pa.int32())
    lists = pa.ListArray.from_arrays(offsets, texts.take(pa.array(other)), mask=pa.array(sizes == 0))
    return texts.take(pa.array(label, mask=label < 0)), lists


def _titles(rows: Rows, typed: Ints, types: Names) -> pa.Table:
    """One row for each work and source: what the source says of it. Of several values the first counts."""
    kind_of = {t: kind for top, kind in _KINDS.items() for t in rows.schema.subtypes(top)}
    works = np.array([t in kind_of for t in types], dtype=bool)
    stated = {
        name: rows.of([rows.schema.attributes[name].iri], LITERAL, f"the {name} is not a literal") for name in _VALUES
    }
    at = np.sort(np.concatenate([typed[works], *stated.values()]))
    ids, source, work, first = rows.group(at)
    kind = np.full(len(first), None, dtype=object)
    kind[work[np.searchsorted(at, typed[works])][::-1]] = [kind_of[t] for t in types[works]][::-1]
    columns = {
        "title": ids,
        "source": source,
        "line": rows.column("line", at[first]),
        "kind": pa.array(kind, pa.string()),
    }
    for name, here in stated.items():
        read, asked = _VALUES[name]
        codes, texts = encode(rows.column("object", here))
        values = [read(text) for text in texts.to_pylist()]
        known = np.array([v is not None for v in values] or [False], dtype=bool)[codes]
        rows.set_apart(here[~known], f"the {name} is not {asked}")
        here, codes = here[known], codes[known]
        of = work[np.searchsorted(at, here)]
        chosen = np.full(len(first), -1)
        chosen[of[::-1]] = codes[::-1]
        rows.set_apart(here[chosen[of] != codes], f"another {name} is stated before")
        columns[name] = pa.array(values, TITLES.schema.field(name).type).take(pa.array(chosen, mask=chosen < 0))
    return pa.table(columns)


# -- literals


def _year(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[+-]?\d{1,4}", text) else None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10]) if re.fullmatch(r"\d{4}-\d\d-\d\d(?:[TZ+-].*)?", text) else None
    except ValueError:
        return None


def _minutes(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d+(?:\.\d*)?(?:[eE][+-]?\d{1,2})?", text) else None


_VALUES: dict[str, tuple[Callable[[str], Any], str]] = {
    "year": (_year, "a whole number of four digits"),
    "launch": (_date, "a date"),
    "runtime": (_minutes, "a number of minutes"),
    "summary": (str, "a text"),
}
