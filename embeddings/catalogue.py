"""What a release is about: every entity of a snapshot numbered for it, and the facts between them as numbers.

Titles come first, in the order of their rows, then everything else type by type. So the first T rows of any entity
matrix are the titles, and the entities of a type are a slice. These positions are a release's own; the append-only
row of the workspace stands beside each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from embeddings.errors import NothingToLearn
from embeddings.views import BoolArray, FloatArray, IntArray
from kg.keys import encode, whole
from kg.schema import Relation, Schema

if TYPE_CHECKING:
    from kg.knowledge_graph import KnowledgeGraph


@dataclass(frozen=True, kw_only=True, eq=False)
class Facts:
    """n facts over positions.

    Attributes:
        heads, relations, tails: int64 [n]; relations are numbered as in `Catalogue.relations`.
        weights: float32 [n].
    """

    heads: IntArray
    relations: IntArray
    tails: IntArray
    weights: FloatArray

    def __len__(self) -> int:
        return len(self.heads)

    def __getitem__(self, at: BoolArray | IntArray) -> Facts:
        return Facts(heads=self.heads[at], relations=self.relations[at], tails=self.tails[at], weights=self.weights[at])


def concatenate(parts: Sequence[Facts]) -> Facts:
    """All facts of `parts`."""
    columns = ("heads", "relations", "tails", "weights")
    return Facts(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in columns})


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Entities and titles by position.

    Attributes:
        schema: what the relations are.
        entities: id, row, type, label, other_labels, kind, year; one row a position.
        titles: the first T of them with launch, runtime, countries, languages, summary.
        relations: the relations that facts may have (those about identity are none).
    """

    schema: Schema
    entities: pd.DataFrame
    titles: pd.DataFrame
    relations: tuple[Relation, ...]

    @classmethod
    def of(cls, kg: KnowledgeGraph) -> Catalogue:
        """Number the entities of a snapshot. Raises :class:`NothingToLearn` where there are no titles."""
        schema = kg.schema
        entities = kg.entities()
        # A work that a source knows by number alone would be an answer that nobody can read.
        unnamed = (entities["source"].isna() & entities["type"].isin(schema.subtypes("Work"))).to_numpy(bool, copy=True)
        unnamed[unnamed] = entities.loc[unnamed, "label"].str.isdecimal()
        entities = entities.loc[~unnamed, ["id", "row", "type", "label", "other_labels"]]
        about = kg.works().drop(columns=["row", "source"])
        at = _index(about["id"], whole(pa.array(entities["id"], pa.string())))
        about, at = about[at >= 0], at[at >= 0]
        # A title that only a fact names has a type and no row; one that only a table names may have a row and no type.
        is_title = entities["type"].isin(schema.subtypes("Title")).to_numpy(bool, copy=True)
        is_title[at[(about["kind"] != "book").to_numpy(bool)]] = True
        if not is_title.any():
            raise NothingToLearn("There are no films or series yet. Bring some in with `titlegraph ingest`.")
        kinds, years = np.full(len(entities), None, dtype=object), np.full(len(entities), np.nan)
        kinds[at], years[at] = about["kind"].to_numpy(object), about["year"].to_numpy(np.float64, na_value=np.nan)
        for name, kind in (("Film", "film"), ("Series", "series"), ("Book", "book")):
            kinds[entities["type"].isin(schema.subtypes(name)).to_numpy(bool)] = kind
        entities = entities.assign(kind=pd.array(kinds, dtype="str"), year=years)
        of, types = encode(pa.array(entities["type"], pa.string()))
        rank = np.argsort(np.argsort(np.array(types.to_pylist())))[of]
        order = np.lexsort((entities["row"], np.where(is_title, -1, rank), ~is_title))
        entities = entities.iloc[order].reset_index(drop=True)
        titles = entities.iloc[: int(is_title.sum())][["id", "label", "kind", "year"]]
        described = about.set_index("id").reindex(titles["id"]).reset_index(drop=True)
        titles = titles.assign(**{str(name): described[name] for name in described if name not in titles})
        relations = tuple(relation for relation in schema.relations.values() if not relation.identity)
        return cls(schema, entities, titles, relations)

    def __len__(self) -> int:
        return len(self.entities)

    @property
    def num_titles(self) -> int:
        """T."""
        return len(self.titles)

    @cached_property
    def _ids(self) -> pa.Array:
        return pa.array(self.entities["id"], pa.string())

    def positions(self, ids: pd.Series[str] | pa.ChunkedArray | pa.Array) -> IntArray:
        """int64 [n]: the position of each identifier, −1 where it has none."""
        return _index(ids, self._ids)

    def facts(self, frame: pd.DataFrame) -> Facts:
        """Facts with columns head, relation, tail and perhaps weight, as numbers; those of identity are left out."""
        return self.numbered(frame)[0]

    def numbered(self, frame: pd.DataFrame) -> tuple[Facts, BoolArray]:
        """The same, and which rows of the frame they are, bool [n]."""
        relations = _index(frame["relation"], pa.array([relation.name for relation in self.relations]))
        heads, tails = np.split(self.positions(pd.concat([frame["head"], frame["tail"]])), 2)
        weights: Any = frame["weight"] if "weight" in frame else np.ones(len(frame))
        facts = Facts(heads=heads, relations=relations, tails=tails, weights=np.asarray(weights, dtype=np.float32))
        known = (heads >= 0) & (tails >= 0) & (relations >= 0)
        return facts[known], known

    def numbers(self, names: frozenset[str] | set[str]) -> IntArray:
        """The numbers of relations by name, ascending."""
        return np.flatnonzero([relation.name in names for relation in self.relations])

    @cached_property
    def hidden(self) -> frozenset[str]:
        """Relations whose facts contain another relation's answer: nothing may learn from them."""
        return frozenset(relation.name for relation in self.relations if relation.gives_away)

    def describing(self, *types: str) -> frozenset[str]:
        """Names of the relations that may be learnt from and whose range is one of `types` or below it."""
        return frozenset(
            relation.name
            for relation in self.relations
            if relation.name not in self.hidden and any(self.schema.is_a(relation.range, name) for name in types)
        )


def _index(values: pd.Series[str] | pa.ChunkedArray | pa.Array, among: pa.Array) -> IntArray:
    """int64 [n]: where each value stands in `among`, −1 where it does not."""
    array = values if isinstance(values, (pa.Array, pa.ChunkedArray)) else pa.array(values, pa.string())
    return np.asarray(pc.fill_null(pc.index_in(array, value_set=among), -1).to_numpy(), dtype=np.int64)
