"""Missing facts: which entities a relation would lead to, and how probable each is."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from embeddings.best import top
from embeddings.errors import ReleaseDamaged
from embeddings.graph.calibration import EdgeCalibration
from embeddings.graph.candidates import log_softmax, logits_of
from embeddings.graph.errors import CorruptModelError
from embeddings.graph.model import GraphModel
from embeddings.graph.triples import FloatArray
from embeddings.release import Release
from queries.asked import as_list, several
from queries.drafts import Draft
from queries.entities import Entities, Flags, Positions
from queries.errors import AmbiguousEntity, BadRelation, NotInRelease, NoVector, UnknownRelation
from queries.facts import Facts
from queries.nodes import Drafted, Node
from queries.vectors import Vectors

_CALIBRATION = "edges/calibration.json"
_PEERS = 2  # named as evidence


class Predictions:
    """The model's candidates for one end of a fact."""

    def __init__(self, release: Release, entities: Entities, facts: Facts, vectors: Vectors) -> None:
        self._release, self._entities, self._facts, self._vectors = release, entities, facts, vectors

    def __call__(self, asked: object, relation: str, k: int, *, inverse: bool = False) -> pd.DataFrame:
        """The `k` most plausible unknown answers for each. See :meth:`queries.space.TitleSpace.predict`."""
        if (
            "inverse" not in self._relations.column_names
            or "edge_probabilities" not in self._release.manifest["metrics"]
        ):
            raise NotInRelease(self._release.id, "probabilities of missing facts")
        number, inverse = self._number(relation, inverse)
        end = "range" if inverse else "domain"
        parts = []
        for name in as_list(asked, "entity"):
            node: Node = name if isinstance(name, Drafted) else self._entity(name, self._type(number, end))
            self._check(node, relation, number, end, inverse)
            frame = self._one(node, number, inverse, k)
            if several(asked):
                own = node.id if isinstance(node, Drafted) else self._entities.ids([node])[0]
                frame.insert(0, "query", pd.Series([own] * len(frame), dtype="str"))
            parts.append(frame)
        result = pd.concat(parts, ignore_index=True)
        if self._calibration is None:
            result.attrs["note"] = self._release.manifest["metrics"]["edge_probabilities"]["protocol"]
        return result

    def _one(self, node: Node, number: int, inverse: bool, k: int) -> pd.DataFrame:
        rows = self._rows
        directed = self._model.inverse_relations if inverse else self._model.relations
        query = self._place(node)[None] + directed[[number]]  # [1, d]
        logits = logits_of(query, self._model.entities, self._norms, self._model)[0, rows]  # [E]
        candidates = self._of_type(self._type(number, "domain" if inverse else "range")) & self._seen
        if isinstance(node, int):
            candidates[node] = False
        candidates[self._known(node, number, inverse)] = False
        logits[~candidates] = -np.inf
        shares = log_softmax(logits[None])[0]
        best = top(shares, k)
        best = best[candidates[best]]
        found = self._model.entities[rows[best]]  # [k, d]
        scores = logits_of(query, found, np.einsum("kd,kd->k", found, found), self._model)[0]
        calibration = self._calibration
        frame = self._entities.cards(best)
        frame.insert(0, "rank", np.arange(1, len(frame) + 1))
        frame["probability"] = (
            calibration.probability(shares[best], np.arange(len(best))) if calibration else np.float32(np.nan)
        )
        frame["score"] = scores
        why = [self._evidence(node, number, other, inverse) for other in best.tolist()]
        frame["evidence"] = pd.array(why, dtype="str")
        return frame

    def _place(self, node: Node) -> FloatArray:
        """Where it stands in the space of the model, [d]."""
        if isinstance(node, int):
            return self._model.entities[self._rows[node]]
        place = node.place if isinstance(node, Draft) else None
        if place is None:
            raise NoVector(node.label, "graph", list(node.vectors))
        return place

    # -- what may be asked

    @property
    def _relations(self) -> pa.Table:
        return self._release.table("relations.parquet")

    def _number(self, name: str, inverse: bool) -> tuple[int, bool]:
        """The number of a relation and whether it is asked inversely; of two inverses the learnt one is taken."""
        names = self._relations["name"].to_pylist()
        wanted = str(name).strip().casefold().replace(" ", "_")
        if wanted not in names:
            near = get_close_matches(wanted, names, n=2)
            raise UnknownRelation(name, near, "" if near else f"There are {', '.join(self._names(self._learnt))}.")
        number = names.index(wanted)
        if number not in self._learnt:
            other = self._relations["inverse"][number].as_py()
            if other is None or names.index(other) not in self._learnt:
                raise BadRelation(
                    f"The graph model has learnt nothing of {wanted!r}: there were no facts of it to train on. "
                    f"It knows {', '.join(self._names(self._learnt))}."
                )
            return names.index(other), not inverse
        return number, inverse

    def _names(self, numbers: frozenset[int]) -> list[str]:
        return [self._facts.relations[number].name for number in sorted(numbers)]

    def _entity(self, name: str, kind: str) -> int:
        """The entity called `name`; of several the one that the relation allows."""
        try:
            return self._entities.entity(name)
        except AmbiguousEntity as error:
            fitting = self._of_type(kind)
            found = [one for one in map(self._entities.entity, error.candidates["id"]) if fitting[one]]
            if len(found) != 1:
                raise
            return found[0]

    def _check(self, node: Node, relation: str, number: int, asked: str, inverse: bool) -> None:
        if not self._may_be(node, self._type(number, asked)):
            label = node.label if isinstance(node, Drafted) else self._entities.labels([node])[0]
            kind = (node.kind or "title") if isinstance(node, Drafted) else self._entities.kinds([node])[0]
            end, other = ("tail", "head") if inverse else ("head", "tail")
            hint = ""
            if self._may_be(node, self._type(number, "domain" if inverse else "range")):
                hint = f" It can be the {other}: ask with inverse={not inverse}."
            expected = self._type(number, asked)
            raise BadRelation(
                f"{label} can't be the {end} of {relation!r}: that is a {expected}, and {label} is a {kind}.{hint}"
            )
        if isinstance(node, int) and not self._seen[node]:
            raise NoVector(self._entities.labels([node])[0], "graph", [])

    def _may_be(self, node: Node, kind: str) -> bool:
        if isinstance(node, int):
            return bool(self._of_type(kind)[node])
        return (node.kind or "title").capitalize() in self._fitting(kind)

    def _type(self, number: int, column: str) -> str:
        return str(self._relations[column][number].as_py())

    def _of_type(self, name: str) -> Flags:
        """Entities [E] of a type or of those above it: what is known by the wider type may be of the narrower."""
        fitting = pa.array(sorted(self._fitting(name)))
        return np.asarray(pc.is_in(self._table["type"], value_set=fitting).to_numpy(), dtype=bool)

    def _fitting(self, name: str) -> set[str]:
        types = self._release.manifest["types"]
        return {*types[name], *(wider for wider, below in types.items() if name in below)}

    def _known(self, entity: Node, number: int, inverse: bool) -> Positions:
        """What is known to answer already, told by this relation or by its inverse."""
        name = self._relations["inverse"][number].as_py()
        same = [
            (number, inverse),
            *((other, not inverse) for other in ([] if name is None else self._facts.numbers(name))),
        ]
        return np.concatenate([self._ends(entity, relation, turned) for relation, turned in same])

    def _ends(self, entity: Node, number: int, inverse: bool) -> Positions:
        relations, others, _ = self._facts.of(entity, "in" if inverse else "out")
        low, high = np.searchsorted(relations, [number, number + 1])
        return others[low:high].astype(np.int64)

    # -- why

    def _evidence(self, node: Node, number: int, other: int, inverse: bool) -> str:
        """The nearest of those that have the very fact that is predicted."""
        head, tail = (other, node) if inverse else (node, other)
        peers = self._facts.heads(number, tail) if isinstance(tail, int) else np.zeros(0, dtype=np.int64)
        vectors, present = self._vectors.entities()
        peers = peers[present[peers]]
        if isinstance(head, int):
            peers = peers[peers != head]
        cosines = vectors[peers] @ (vectors[head] if isinstance(head, int) else head.vectors["graph"])
        at = top(cosines, _PEERS)
        names = [
            f"{label} ({cosine:.2f})"
            for label, cosine in zip(self._entities.labels(peers[at]), cosines[at], strict=True)
            if cosine > 0
        ]
        return f"as {' and '.join(names)}" if names else "nothing alike has it"

    # -- what the release holds

    @cached_property
    def _table(self) -> pa.Table:
        return self._release.table("entities.parquet", "row", "type")

    @cached_property
    def _rows(self) -> Positions:
        """The row of the model of each entity, int64 [E]."""
        return np.asarray(self._table["row"].to_numpy(), dtype=np.int64)

    @cached_property
    def _model(self) -> GraphModel:
        try:
            return GraphModel.load(self._release.path / "model", mapped=True)
        except CorruptModelError as error:
            raise ReleaseDamaged(self._release.path, str(error)) from error

    @cached_property
    def _norms(self) -> FloatArray:
        return np.einsum("ed,ed->e", self._model.entities, self._model.entities)

    @cached_property
    def _seen(self) -> Flags:
        """Which entities [E] the model was trained on."""
        return np.asarray(self._model.seen[self._rows])

    @cached_property
    def _learnt(self) -> frozenset[int]:
        """The relations that the model was trained on."""
        relations, learnt = (self._release.array(f"facts/out.{name}.npy") for name in ("relation", "learnt"))
        return frozenset(np.unique(relations[learnt]).tolist())

    @cached_property
    def _calibration(self) -> EdgeCalibration | None:
        if _CALIBRATION not in self._release.manifest["files"]:
            return None
        try:
            return EdgeCalibration.load(self._release.path / _CALIBRATION)
        except CorruptModelError as error:
            raise ReleaseDamaged(self._release.path, str(error)) from error
