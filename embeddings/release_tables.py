"""The tables of a release: what is known of its entities, in the order in which queries look things up."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa

from embeddings.catalogue import Catalogue, Facts
from embeddings.content.tags import titles_with
from embeddings.names import fold
from embeddings.release_writer import ReleaseWriter
from embeddings.views import BoolArray, IntArray
from kg.schema import Relation, Schema

#: What an entry of the names tables is.
ID, LABEL, OTHER_LABEL = 0, 1, 2

_S = pa.string()
_TITLES = pa.schema(
    [
        ("id", _S),
        ("label", _S),
        ("kind", _S),
        ("year", pa.int32()),
        ("launch", pa.date32()),
        ("runtime", pa.float32()),
        ("countries", pa.list_(_S)),
        ("languages", pa.list_(_S)),
        ("summary", _S),
    ]
)
_ENTITIES = pa.schema(
    [("id", _S), ("row", pa.int64()), ("type", _S), ("label", _S), ("kind", _S), ("year", pa.int32())]
)
_NAMES = pa.schema([("key", _S), ("entity", pa.int32()), ("sort", pa.int8()), ("name", _S)])
_RELATIONS = pa.schema(
    [(name, _S) for name in ("name", "label", "domain", "range", "inverse", "facet")] + [("titles", pa.int64())]
)
_AUDIENCE = pa.schema(
    [
        ("title", pa.int32()),
        ("country", _S),
        ("unit", _S),
        ("size", pa.float64()),
        ("start", pa.date32()),
        ("end", pa.date32()),
        ("complete", pa.bool_()),
        ("simulated", pa.bool_()),
    ]
)

_FACETS = {
    "Tag": "",
    "Genre": "genre",
    "Person": "people",
    "Work": "source material",
    "Place": "place",
    "Language": "language",
    "Franchise": "franchise",
    "Company": "company",
    "Topic": "subject",  # last: people, places and works are topics, too
}


def write_entities(out: ReleaseWriter, catalogue: Catalogue, aliases: pd.DataFrame) -> None:
    """entities, titles and names; `aliases` has other identifiers (id) of entities (same_as)."""
    out.table("entities.parquet", _as(catalogue.entities, _ENTITIES))
    out.table("titles.parquet", _as(catalogue.titles, _TITLES))
    entries = pd.DataFrame(_names(catalogue, aliases), columns=_NAMES.names)
    entries = entries.drop_duplicates(["key", "entity"]).sort_values(["key", "sort", "entity"])
    is_title = entries["entity"] < catalogue.num_titles
    out.table("names/titles.parquet", _as(entries[is_title], _NAMES))
    out.table("names/others.parquet", _as(entries[~is_title], _NAMES))


def _names(catalogue: Catalogue, aliases: pd.DataFrame) -> Iterator[tuple[str, int, int, str]]:
    """Key, position, sort and the name as written. Identifiers are keys as they are: a folded name has no colon."""
    entities = catalogue.entities
    for i, (name, label, others) in enumerate(
        zip(entities["id"], entities["label"], entities["other_labels"], strict=True)
    ):
        yield name, i, ID, name
        yield fold(label), i, LABEL, label
        if others is not None and not isinstance(others, float):
            for other in others:
                yield fold(other), i, OTHER_LABEL, other
    for name, i in zip(aliases["id"], catalogue.positions(aliases["same_as"]).tolist(), strict=True):
        if i >= 0:
            yield name, i, ID, name


def facet(schema: Schema, relation: Relation) -> str:
    """In what respect works that share this relation's tail are alike: a tag's own relation, or what its range says."""
    for name, words in _FACETS.items():
        if schema.is_a(relation.range, name):
            return words or relation.label
    return "other"


def write_facts(out: ReleaseWriter, catalogue: Catalogue, facts: Facts, learnt: BoolArray) -> None:
    """Relations, and facts as compressed sparse rows: by head and by tail, ordered by relation and other end.

    Args:
        out: where to.
        catalogue: whose entities.
        facts: all that are known, held-out ones and hints too; a reader sees them as evidence.
        learnt: which of them vectors were made from, bool [n].
    """
    relations = pd.DataFrame(
        [
            {
                "name": r.name,
                "label": r.label,
                "domain": r.domain,
                "range": r.range,
                "inverse": r.name if r.symmetric else r.inverse,
                "facet": facet(catalogue.schema, r),
            }
            for r in catalogue.relations
        ]
    )
    out.table("relations.parquet", _as(relations.assign(titles=titles_with(facts, catalogue)), _RELATIONS))
    sides = (("out", facts.heads, facts.tails), ("in", facts.tails, facts.heads))
    for name, own, other in sides:
        order = np.lexsort((other, facts.relations, own))
        out.array(f"facts/{name}.offsets.npy", _offsets(own, len(catalogue)))
        out.array(f"facts/{name}.relation.npy", facts.relations[order].astype(np.int16))
        out.array(f"facts/{name}.entity.npy", other[order].astype(np.int32))
        out.array(f"facts/{name}.learnt.npy", learnt[order])


def write_audience(out: ReleaseWriter, sizes: pd.DataFrame) -> None:
    """Sizes as :func:`embeddings.audiences.sizes` makes them."""
    out.table("audience.parquet", _as(sizes, _AUDIENCE))


def _offsets(rows: IntArray, count: int) -> IntArray:
    return np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=count))]).astype(np.int64)


def _as(frame: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pandas(frame[schema.names], schema=schema, preserve_index=False, safe=False)
