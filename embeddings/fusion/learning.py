"""Learning the fused view: what foresees what, which weight each part gets, and the axes.

Where viewings exist, the weights of the content parts are learnt from them: by these parts alone, each title should
find what its viewers like too. No part has learnt from viewings itself, so none is flattered. The map from content to
co-viewing is learnt on the same titles and has a share of its own, because it is flattered by what it was fitted to.
Where there are no viewings, or only simulated ones, the parts have the standard weights below.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from embeddings.drift import rotation
from embeddings.fusion.bags import NAMING
from embeddings.fusion.coviewing import Likes, co_viewing
from embeddings.fusion.joint import joint
from embeddings.fusion.model import VIEWINGS, Fusion
from embeddings.fusion.parts import NAME_DIM
from embeddings.fusion.weights import conditional_logit
from embeddings.set_apart import marks
from embeddings.views import BoolArray, FloatArray, IntArray, unit

#: Weights where no viewings can tell: what was learnt on MovieLens, rounded.
STANDARD = {
    "tags": 2.0,
    "genres": 0.5,
    "people": 1.0,
    "makers": 0.3,
    "summary": 1.0,
    "year": 0.5,
    "graph": 1.0,
    "theme": 1.0,
    "audience": 1.0,
}
#: The name's share of the whole. Viewers don't choose by it, adaptations and sequels are found by it.
NAME_SHARE = 0.25
#: Dimensions of the fused view: principal axes, beside them the name. More axes than 192 tell nothing more.
DIM = 192 + NAME_DIM
#: Share of the titles whose viewings nothing learns from: usefulness is measured on them.
UNSEEN = 0.15

#: Share of the map from content to co-viewing; anything from a fifth to a third does as well.
VIEWING_SHARE = 0.25

_MOST_LEARNT = 6000  # titles whose co-viewing is factorised
_VIEWING_DIM = 64
_RIDGE = 3.0
_LEAST_LEARNT = 50  # titles, below which the weights are standard
_MOST_JUDGED = 1200  # titles that the weights are learnt on


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Learnt:
    """What was learnt over n titles.

    Attributes:
        fusion: what makes fused vectors.
        told: what can be told of them without viewers, missing parts foreseen, [n, d] by part (:meth:`Fusion.told`).
        observed: co-viewing vectors [n, v] of the titles that have enough likes.
        counts: everybody's likes [n].
    """

    fusion: Fusion
    told: Mapping[str, FloatArray]
    observed: FloatArray
    counts: FloatArray

    def fused(self, observed: FloatArray) -> FloatArray:
        """Fused vectors [n, k] of these titles, were their co-viewing vectors `observed` [n, v]."""
        fusion = self.fusion
        seen = observed if VIEWINGS in fusion.weights else None
        return fusion.projected(fusion.with_viewings(self.told, seen, likes=self.counts))


def unseen(ids: Sequence[str], *, seed: int, share: float = UNSEEN) -> BoolArray:
    """bool [n]: which titles are set apart, by a hash of identifier and seed; the same in every version."""
    return np.asarray(marks("unseen", ids, seed=seed) < share * 2**64)


def learn(
    parts: Mapping[str, FloatArray],
    likes: Likes | None,
    *,
    dim: int = DIM,
    least_likes: int = 5,
    weights: Mapping[str, float] | None = None,
    start: Fusion | None = None,
) -> Learnt:
    """A fusion of `parts` over n titles.

    Args:
        parts: vectors [n, d] by part; rows of zeros are titles without it.
        likes: over the same titles; None where there are none, or none that count. (Take the likes of titles that are
            kept for measuring out of them.)
        dim: dimensions of the fused vectors, the name's included.
        least_likes: a title with fewer has no co-viewing vector.
        weights: factors on the weights by part (a part that is not named 1; 0 leaves it out).
        start: the fusion of a catalogue much like this one, made with the same factors. Where it has the same parts its
            weights, means, covariance and axes are kept, and co-viewing is turned onto its space.
    """
    factors = weights or {}
    used = {name: vectors for name, vectors in parts.items() if factors.get(name, 1.0) > 0 and vectors.any()}
    present = {name: np.asarray(vectors.any(axis=1)) for name, vectors in used.items()}
    n = len(next(iter(parts.values())))
    count = likes.of_titles() if likes is not None else np.zeros(n, dtype=np.float32)
    known = _most(np.flatnonzero(count >= least_likes), count, _MOST_LEARNT)
    watched = likes is not None and len(known) >= _LEAST_LEARNT
    before = start if start is not None and _same_parts(start, used, watched=watched) else None
    means = {name: vectors[present[name]].mean(axis=0) for name, vectors in used.items()}
    standard = {name: STANDARD.get(name, 1.0) for name in used}
    bare = Fusion(
        weights=standard,
        means=means if before is None else before.means,
        covariance=_covariance(used, present, means) if before is None else before.covariance,
        foresee=np.zeros((sum(len(m) for m in means.values()), 0), dtype=np.float32),
        axes=np.zeros((0, 0), dtype=np.float32),
    )
    told = bare.told(used, present)
    learnt = "standard weights"
    observed = np.zeros((n, 0), dtype=np.float32)
    final = dict(standard)
    if likes is not None and watched:
        axes = co_viewing(likes, known, _VIEWING_DIM)
        if before is not None and before.foresee.shape[1] == axes.shape[1]:
            axes = axes @ rotation(axes, _content(told, before.weights)[known] @ before.foresee)
        observed = np.zeros((n, axes.shape[1]), dtype=np.float32)
        observed[known] = axes
        if before is None:
            final = _weights(told, likes, known)
            learnt = f"conditional logit on what {len(likes):,} viewers like"
            final[VIEWINGS] = VIEWING_SHARE / (1 - VIEWING_SHARE) * sum(final.values())
    if before is not None:
        final, learnt, factors = dict(before.weights), before.learnt, {}
    for name in final:
        final[name] *= factors.get(name, 1.0)
    beside: tuple[str, ...] = ()
    if "name" in final:
        rest = sum(value for name, value in final.items() if name != "name")
        final["name"] = NAME_SHARE / (1 - NAME_SHARE) * rest if rest else 1.0
        beside = ("name",) if rest else ()
    total = sum(final.values())
    final = {name: value / total for name, value in final.items()}
    if VIEWINGS in final:
        final[VIEWINGS] = final.pop(VIEWINGS)  # last
        foresee = _foresee(told, final, observed[known], known)
    else:
        foresee = bare.foresee
    half = dataclasses.replace(bare, weights=final, foresee=foresee, beside=beside, learnt=learnt, naming=NAMING)
    filled = half.with_viewings(told, observed if VIEWINGS in final else None, likes=count)
    inner = [np.sqrt(np.float32(final[p])) * filled[p] for p in final if p not in beside]
    own_dim = max(1, dim - sum(len(means[p]) for p in beside))
    fusion = dataclasses.replace(half, axes=_axes(np.concatenate(inner, axis=1), own_dim, before))
    return Learnt(fusion=fusion, told=told, observed=observed, counts=count)


def _same_parts(start: Fusion, parts: Mapping[str, FloatArray], *, watched: bool) -> bool:
    """Whether a fusion has these parts, in this order, of these dimensions, and makes vectors of names in this way."""
    same = start.naming == NAMING and list(start.weights) == [*parts, *([VIEWINGS] if watched else [])]
    return same and all(len(start.means[name]) == vectors.shape[1] for name, vectors in parts.items())


def _most(titles: IntArray, count: FloatArray, most: int) -> IntArray:
    """At most `most` titles, those with the largest count, ascending."""
    return np.sort(titles[np.argsort(-count[titles], kind="stable")[:most]])


def _covariance(
    parts: Mapping[str, FloatArray], present: Mapping[str, BoolArray], means: Mapping[str, FloatArray]
) -> FloatArray:
    """[D, D]: of each pair of parts over the titles that have both, made positive semidefinite."""
    own = {name: np.where(present[name][:, None], unit(vectors - means[name]), 0) for name, vectors in parts.items()}
    values, vectors = np.linalg.eigh(joint(own, present))
    return np.asarray((vectors * np.maximum(values, 0)) @ vectors.T, dtype=np.float32)


def _content(own: Mapping[str, FloatArray], weights: Mapping[str, float]) -> FloatArray:
    return np.concatenate([np.sqrt(np.float32(weights[p])) * own[p] for p in own], axis=1)


def _foresee(
    own: Mapping[str, FloatArray], weights: Mapping[str, float], target: FloatArray, training: IntArray
) -> FloatArray:
    """Ridge regression [D, v] of co-viewing vectors on weighted content, shrunk by three mean eigenvalues."""
    x = _content(own, weights)[training].astype(np.float64)
    gram = x.T @ x
    gram[np.diag_indices_from(gram)] += _RIDGE * max(float(np.trace(gram)) / len(gram), 1e-9)
    return np.asarray(np.linalg.solve(gram, x.T @ target), dtype=np.float32)


def _weights(own: Mapping[str, FloatArray], likes: Likes, known: IntArray) -> dict[str, float]:
    """Weights by content part, learnt on the most liked `known` titles, which choose among each other."""
    count = likes.of_titles()
    judged = _most(known, count, _MOST_JUDGED)
    names = [name for name in own if name != "name"]
    cosines = [own[name][judged] @ own[name][judged].T for name in names]
    learnt = conditional_logit(cosines, likes.lift(judged), ~np.eye(len(judged), dtype=bool))
    found = dict(zip(names, learnt.tolist(), strict=True))
    mean = sum(found.values()) / max(len(found), 1)
    return {name: found.get(name, mean) for name in own}


def _axes(joined: FloatArray, dim: int, start: Fusion | None) -> FloatArray:
    """[D, at most dim]: the first principal axes, not centred, signs fixed; those of `start` where they fit."""
    if joined.shape[1] <= dim:
        return np.eye(joined.shape[1], dtype=np.float32)
    if start is not None and start.axes.shape == (joined.shape[1], dim):
        return start.axes
    _, axes = np.linalg.eigh((joined.T @ joined).astype(np.float64))
    axes = axes[:, ::-1][:, :dim]
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]
    return np.asarray(axes * np.sign(largest), dtype=np.float32)
