"""The questions that every arm of a trial is asked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from embeddings.audiences import coviewing_view, sizes
from embeddings.catalogue import Catalogue, Facts
from embeddings.views import BoolArray, FloatArray, IntArray, View
from kg.knowledge_graph import KnowledgeGraph

Days = npt.NDArray[np.datetime64]

#: So many titles at most are compared with each other for who watched them, and in each country.
MOST_TITLES = 3_000
#: So many titles' ten nearest are looked for.
MOST_COMPARED = 40_000
_DIM, _WEEKS, _VIEWERS = 64, 8, 5


@dataclass(frozen=True, kw_only=True, eq=False)
class Exam:
    """What is asked, in terms of a workspace's rows, which are the same in both arms.

    Attributes:
        heads, relations, tails: held-out facts, int64 [n]; `names` are those of the relations. Those of the tried
            relations are asked for, too, and not counted, so that whatever is tried the questions are the same.
        candidates: rows that may be an answer, ascending.
        titles: rows of the T titles.
        looked_at: titles (0 … T−1) whose comparables are compared.
        coviewing: who was watched by the same people, [T, d]; never part of an arm.
        sizes: title (0 … T−1), country, unit, size of audiences.
        launched: when each title could be seen, [T]; NaT where nobody knows.
    """

    heads: IntArray
    relations: IntArray
    tails: IntArray
    names: tuple[str, ...]
    candidates: IntArray
    titles: IntArray
    looked_at: IntArray
    coviewing: View
    sizes: pd.DataFrame
    launched: Days

    @classmethod
    def of(
        cls,
        kg: KnowledgeGraph,
        catalogue: Catalogue,
        held_out: Facts,
        training: Facts,
        *,
        most: int,
        seed: int,
    ) -> Exam:
        """The questions of a workspace.

        Args:
            kg, catalogue: the workspace as it is.
            held_out: facts to ask for.
            training: all that may be learnt from, which says what may be an answer.
            most: ask for so many facts at most, a random choice.
            seed: of that choice.
        """
        rng = np.random.default_rng([seed, 11])
        if len(held_out) > most:
            held_out = held_out[np.sort(rng.choice(len(held_out), most, replace=False))]
        rows = catalogue.entities["row"].to_numpy(np.int64)
        titles = rows[: catalogue.num_titles]
        # None of this may hang on what is tried, so that the arm without it is remembered from one trial to the next.
        looked_at = np.sort(rng.choice(len(titles), min(len(titles), MOST_COMPARED), replace=False))
        return cls(
            heads=rows[held_out.heads],
            relations=held_out.relations,
            tails=rows[held_out.tails],
            names=tuple(relation.name for relation in catalogue.relations),
            candidates=rows[np.unique(np.concatenate([training.heads, training.tails]))],
            titles=titles,
            looked_at=looked_at,
            coviewing=coviewing_view(catalogue, kg.viewings(), dim=_DIM, min_viewers=_VIEWERS, seed=0),
            sizes=sizes(catalogue, kg.audience(), weeks=_WEEKS),
            launched=_launched(catalogue),
        )

    @cached_property
    def digest(self) -> str:
        """A hash of all questions."""
        digest = hashlib.sha256(repr((self.names, len(self.titles))).encode())
        arrays: list[npt.NDArray[Any]] = [self.heads, self.relations, self.tails, self.candidates, self.titles]
        arrays += [self.looked_at, self.coviewing.vectors, self.launched.astype(np.int64)]
        for array in arrays:
            digest.update(np.ascontiguousarray(array).tobytes())
        digest.update(np.asarray(pd.util.hash_pandas_object(self.sizes.reset_index(drop=True))).tobytes())
        return digest.hexdigest()

    @property
    def simulated(self) -> list[str]:
        """Which figures rest on viewers or audiences that never were."""
        found = ["co-viewing"] if self.coviewing.simulated else []
        return [*found, *(["audience"] if bool(self.sizes["simulated"].any()) else [])]

    def coviewing_of(self, vectors: FloatArray, present: BoolArray, nearest: Any) -> FloatArray:
        """float32 [T]: mean co-viewing similarity of each title to its ten nearest by `vectors` [T, d], among titles
        with known viewers; NaN where there is none."""
        known = np.flatnonzero(present & self.coviewing.present)
        score = np.full(len(self.titles), np.nan, dtype=np.float32)
        if len(known) < 2:
            return score
        asked = known[:: max(1, len(known) // MOST_TITLES)]
        near = nearest(vectors, present & self.coviewing.present, asked, 10)
        seen = self.coviewing.vectors
        similar = np.einsum("nd,nkd->nk", seen[asked], seen[np.maximum(near, 0)])
        score[asked] = np.where(near >= 0, similar, 0).sum(axis=1) / np.maximum((near >= 0).sum(axis=1), 1)
        return score

    def audience_errors(self, vectors: FloatArray, present: BoolArray) -> FloatArray:
        """float32 [rows of `sizes`]: |log size − log of what the ten nearest earlier titles had there|; NaN where there
        are no earlier ones."""
        errors = np.full(len(self.sizes), np.nan, dtype=np.float32)
        size = np.log1p(np.maximum(self.sizes["size"].to_numpy(np.float64), 0))
        title = self.sizes["title"].to_numpy(np.int64)
        usable = present[title] & ~np.isnat(self.launched[title])
        for _, group in self.sizes.groupby(["unit", "country"], sort=False):
            at = group.index.to_numpy()
            at = at[usable[at]][:MOST_TITLES]
            if len(at) < 2:
                continue
            own, when = vectors[title[at]], self.launched[title[at]]
            similar = own @ own.T  # [n, n]
            similar[when[None, :] >= when[:, None]] = -np.inf
            k = min(10, len(at) - 1)
            near = np.argpartition(similar, len(at) - k, axis=1)[:, -k:]
            close = np.take_along_axis(similar, near, axis=1)
            weight = np.where(np.isfinite(close), np.maximum(close, 1e-3), 0)
            total = weight.sum(axis=1)
            guess = np.divide(
                (weight * size[at][near]).sum(axis=1), total, out=np.full(len(at), np.nan), where=total > 0
            )
            errors[at] = np.abs(guess - size[at])
        return errors


def _launched(catalogue: Catalogue) -> Days:
    """The launch of each title [T]; the last day of its year where only that is known."""
    titles = catalogue.titles
    launch = pd.to_datetime(titles["launch"], errors="coerce").astype("datetime64[us]")
    year = titles["year"].astype("Int64").astype("string") + "-12-31"
    return np.asarray(launch.fillna(pd.to_datetime(year, errors="coerce")).to_numpy(), dtype="datetime64[D]")
