"""Facts as numbers: the value that training and evaluation take."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from embeddings.graph.errors import TriplesError

if TYPE_CHECKING:
    from collections.abc import Sequence

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class EntityTypes:
    """What kind of thing each entity is, and what kinds a relation joins.

    Attributes:
        codes: type code of each entity, int64 [E], in 0 … T−1.
        heads: heads[r, c] is true where relation r allows a head of type c, bool [R, T].
        tails: the same for tails, bool [R, T].

    Raises:
        TriplesError: shapes or codes don't fit together.
    """

    codes: IntArray
    heads: BoolArray
    tails: BoolArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "codes", np.ascontiguousarray(self.codes, dtype=np.int64))
        object.__setattr__(self, "heads", np.ascontiguousarray(self.heads, dtype=bool))
        object.__setattr__(self, "tails", np.ascontiguousarray(self.tails, dtype=bool))
        if self.heads.ndim != 2 or self.heads.shape != self.tails.shape:
            raise TriplesError(f"heads {self.heads.shape} and tails {self.tails.shape} must both be [R, T]")
        if self.codes.ndim != 1 or (len(self.codes) and not 0 <= self.codes.min() <= self.codes.max() < self.num_types):
            raise TriplesError(f"type codes must be one number in 0 … {self.num_types - 1} for each entity")

    @property
    def num_types(self) -> int:
        """The number T of entity types."""
        return int(self.heads.shape[1])

    @classmethod
    def observed(cls, codes: npt.ArrayLike, triples: Triples) -> EntityTypes:
        """Types that allow exactly what `triples` show: type codes [E] in, allowed heads and tails counted."""
        codes = np.asarray(codes, dtype=np.int64)
        heads = np.zeros((triples.num_relations, int(codes.max(initial=0)) + 1), dtype=bool)
        tails = np.zeros_like(heads)
        heads[triples.relations, codes[triples.heads]] = True
        tails[triples.relations, codes[triples.tails]] = True
        return cls(codes=codes, heads=heads, tails=tails)

    def allowed(self) -> BoolArray:
        """Allowed types of the *answers* of each directed relation, bool [2R, T]: tails first, then heads."""
        return np.concatenate([self.tails, self.heads])


@dataclass(frozen=True, kw_only=True, eq=False)
class Triples:
    """n facts (head, relation, tail) as row numbers.

    Attributes:
        heads, relations, tails: int64 [n].
        num_entities: E; heads and tails are in 0 … E−1.
        num_relations: R; relations are in 0 … R−1.
        weights: how much each fact counts in training, float32 [n], or None for 1 each.
        types: entity types, for typed evaluation and negatives of the right type, or None.

    Raises:
        TriplesError: lengths differ, or a number is outside its range.

    >>> Triples(heads=[0, 1], relations=[0, 0], tails=[1, 2], num_entities=3, num_relations=1)
    Triples(2 facts, 3 entities, 1 relations)
    """

    heads: IntArray
    relations: IntArray
    tails: IntArray
    num_entities: int
    num_relations: int
    weights: FloatArray | None = None
    types: EntityTypes | None = field(default=None)

    def __post_init__(self) -> None:
        for name in ("heads", "relations", "tails"):
            array = np.asarray(getattr(self, name))
            if array.size and not np.issubdtype(array.dtype, np.integer):
                raise TriplesError(f"{name} must be integers, not {array.dtype}")
            object.__setattr__(self, name, np.ascontiguousarray(array, dtype=np.int64))
        if self.weights is not None:
            object.__setattr__(self, "weights", np.ascontiguousarray(self.weights, dtype=np.float32))
            if not (np.isfinite(self.weights).all() and (np.asarray(self.weights) >= 0).all()):
                raise TriplesError("weights must be finite and at least 0")
        shapes = {getattr(self, name).shape for name in ("heads", "relations", "tails")}
        shapes |= set() if self.weights is None else {self.weights.shape}
        if len(shapes) != 1 or len(next(iter(shapes))) != 1:
            raise TriplesError(f"heads, relations, tails and weights must be vectors of one length, not {shapes}")
        for name, count in (
            ("heads", self.num_entities),
            ("relations", self.num_relations),
            ("tails", self.num_entities),
        ):
            array = getattr(self, name)
            if len(array) and not 0 <= array.min() <= array.max() < count:
                raise TriplesError(f"{name} must lie in 0 … {count - 1}, but reach from {array.min()} to {array.max()}")
        if self.types is not None and (
            len(self.types.codes) != self.num_entities or len(self.types.heads) != self.num_relations
        ):
            raise TriplesError(f"types are for {len(self.types.codes)} entities, {len(self.types.heads)} relations")

    def __len__(self) -> int:
        return len(self.heads)

    def __repr__(self) -> str:
        return f"Triples({len(self)} facts, {self.num_entities} entities, {self.num_relations} relations)"

    def __getitem__(self, rows: Any) -> Triples:
        """The facts at `rows` (a slice, a mask or positions), over the same entities and relations."""
        return Triples(
            heads=self.heads[rows],
            relations=self.relations[rows],
            tails=self.tails[rows],
            num_entities=self.num_entities,
            num_relations=self.num_relations,
            weights=None if self.weights is None else self.weights[rows],
            types=self.types,
        )

    @classmethod
    def from_array(
        cls, array: npt.ArrayLike, *, num_entities: int | None = None, num_relations: int | None = None
    ) -> Triples:
        """Triples from an integer array [n, 3] of head, relation, tail; counts default to the largest number + 1."""
        facts = np.asarray(array, dtype=np.int64).reshape(-1, 3)
        return cls(
            heads=facts[:, 0],
            relations=facts[:, 1],
            tails=facts[:, 2],
            num_entities=int(facts[:, [0, 2]].max(initial=-1)) + 1 if num_entities is None else num_entities,
            num_relations=int(facts[:, 1].max(initial=-1)) + 1 if num_relations is None else num_relations,
        )

    def to_array(self) -> IntArray:
        """Head, relation, tail as int64 [n, 3]."""
        return np.stack([self.heads, self.relations, self.tails], axis=1)

    def degrees(self) -> IntArray:
        """How often each entity is a head or a tail, int64 [E]."""
        counts = np.bincount(self.heads, minlength=self.num_entities)
        return (counts + np.bincount(self.tails, minlength=self.num_entities)).astype(np.int64)


def concatenate(parts: Sequence[Triples]) -> Triples:
    """All facts of `parts`, over the largest of their entity and relation counts; weights and types are dropped."""
    return Triples(
        heads=np.concatenate([part.heads for part in parts]),
        relations=np.concatenate([part.relations for part in parts]),
        tails=np.concatenate([part.tails for part in parts]),
        num_entities=max(part.num_entities for part in parts),
        num_relations=max(part.num_relations for part in parts),
    )
