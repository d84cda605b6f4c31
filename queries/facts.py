"""Facts of a release as sorted neighbour lists: what two titles have in common, how rare it is, how they are linked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from embeddings.rarity import rarity
from embeddings.release import Release
from queries.entities import Flags, Positions
from queries.nodes import Drafted, Node


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation as the release describes it."""

    name: str
    label: str
    facet: str
    titles: int


@dataclass(frozen=True, slots=True)
class Shared:
    """Something that two titles are both linked to by the same relation, and how rare that is."""

    relation: int
    entity: int
    rarity: float
    learnt: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One fact on a path: forward if the path goes from its head to its tail."""

    relation: int
    forward: bool


@dataclass(frozen=True, slots=True)
class Path:
    """A chain of one or two facts from one entity to another; `middle` is None for one."""

    steps: tuple[Step, ...]
    middle: int | None


class Facts:
    """The facts, mapped into memory."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self._num_titles = int(release.manifest["num_titles"])

    @cached_property
    def relations(self) -> list[Relation]:
        """Relations by number."""
        rows = self._release.table("relations.parquet", "name", "label", "facet", "titles").to_pylist()
        return [Relation(**row) for row in rows]

    def numbers(self, name: str) -> list[int]:
        """The number of the relation of that name, as a list of one or none."""
        return [number for number, relation in enumerate(self.relations) if relation.name == name]

    def of(self, entity: Node, side: str = "out") -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int32], Flags]:
        """Relations, other ends and learnt flags of the facts with this head ("out") or tail ("in"), sorted."""
        if isinstance(entity, Drafted):
            end = None if side == "out" else 0
            return entity.relations[:end], entity.entities[:end], entity.learnt[:end]
        offsets = self._release.array(f"facts/{side}.offsets.npy")
        at = slice(int(offsets[entity]), int(offsets[entity + 1]))
        relations, entities, learnt = (
            np.asarray(self._release.array(f"facts/{side}.{name}.npy")[at]) for name in ("relation", "entity", "learnt")
        )
        return relations, entities, learnt

    def heads(self, relation: int, tail: int) -> Positions:
        """Heads of the facts with this relation and tail, ascending."""
        relations, entities, _ = self.of(tail, "in")
        low, high = np.searchsorted(relations, [relation, relation + 1])
        return entities[low:high].astype(np.int64)

    def having(self, relation: int, tails: Flags | None = None) -> Positions:
        """Every head that has a fact of this relation, or one to any of `tails` (bool [E]), ascending."""
        at = np.flatnonzero(np.asarray(self._release.array("facts/out.relation.npy")) == relation)
        if tails is not None:
            at = at[tails[self._release.array("facts/out.entity.npy")[at]]]
        offsets = np.asarray(self._release.array("facts/out.offsets.npy"))
        return np.unique(np.searchsorted(offsets, at, side="right") - 1)

    def rarity(self, relation: int, tail: int) -> float:
        """See :func:`embeddings.rarity.rarity`."""
        titles = int(np.searchsorted(self.heads(relation, tail), self._num_titles))
        return float(rarity(titles, self.relations[relation].titles))

    def shared(self, a: Node, b: Node) -> list[Shared]:
        """What both are heads of, the rarest first."""
        mine, yours = self.of(a), self.of(b)
        keys = [relations.astype(np.int64) << 32 | entities for relations, entities, _ in (mine, yours)]
        common, at, other = np.intersect1d(keys[0], keys[1], assume_unique=True, return_indices=True)
        learnt = mine[2][at] & yours[2][other]
        pairs = zip((common >> 32).tolist(), (common & 0xFFFFFFFF).tolist(), learnt.tolist(), strict=True)
        rows = [Shared(relation, entity, self.rarity(relation, entity), flag) for relation, entity, flag in pairs]
        return sorted(rows, key=lambda row: (-row.rarity, row.relation, row.entity))

    def own(self, a: Node, b: Node) -> list[Shared]:
        """What `a` is head of and `b` is not, the rarest first."""
        mine, yours = self.of(a), self.of(b)
        theirs = set(zip(yours[0].tolist(), yours[1].tolist(), strict=True))
        rows = [
            Shared(relation, entity, self.rarity(relation, entity), learnt)
            for relation, entity, learnt in zip(*(column.tolist() for column in mine), strict=True)
            if (relation, entity) not in theirs
        ]
        return sorted(rows, key=lambda row: (-row.rarity, row.relation, row.entity))

    def links(self, a: Node, b: Node) -> list[Path]:
        """The facts that join `a` and `b`, whichever is the head."""
        found = []
        for entity, other, forward in ((a, b, True), (b, a, False)):
            relations, entities, _ = self.of(entity)
            ends = entities == other if isinstance(other, int) else np.zeros(len(entities), dtype=bool)
            found += [Path((Step(int(relation), forward),), None) for relation in relations[ends]]
        return found

    def paths(self, a: Node, b: Node) -> list[Path]:
        """Links, and chains of two facts in either direction other than two of one relation with a common tail."""
        mine, yours = list(self._steps(a)), list(self._steps(b))
        found = self.links(a, b)
        by_entity: dict[int, list[Step]] = {}
        for entity, step in yours:
            by_entity.setdefault(entity, []).append(Step(step.relation, not step.forward))
        for entity, first in mine:
            for second in by_entity.get(entity, ()) if entity not in (a, b) else ():
                if first.forward and not second.forward and first.relation == second.relation:
                    continue
                found.append(Path((first, second), entity))
        return found

    def _steps(self, entity: Node) -> Iterator[tuple[int, Step]]:
        for side, forward in (("out", True), ("in", False)):
            relations, entities, _ = self.of(entity, side)
            for relation, other in zip(relations.tolist(), entities.tolist(), strict=True):
                yield other, Step(relation, forward)
