"""The fused view of a release: its parts gathered, learnt, and written with all that a draft needs.

fusion/fusion.json, fusion.safetensors      weights, means, what foresees what, axes (:class:`Fusion`)
fusion/<bag>.json, <bag>.safetensors        vectors of tags, genres, people and makers (:class:`Bag`)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from embeddings.catalogue import Catalogue, Facts
from embeddings.content.texts import Texts
from embeddings.fusion.coviewing import Likes
from embeddings.fusion.learning import DIM, UNSEEN, Learnt, learn, unseen
from embeddings.fusion.model import VIEWINGS, Fusion
from embeddings.fusion.parts import Parts, raw_parts
from embeddings.views import BoolArray, FloatArray, View, view

#: Views that do not stand beside the raw parts. The theme view is made of the same tags and summaries, and where it has
#: learnt from viewings, its weight would be flattered; the audience view is made of them.
_APART = ("theme", "audience")


@dataclass(frozen=True, kw_only=True, eq=False)
class Fused:
    """The fused view and what it was made of.

    Attributes:
        view: one vector a title.
        fusion: what makes such vectors.
        learnt: the same, not turned, with what it was learnt from.
        raw: the raw parts and their bags.
        parts: vectors [T, d] of the titles by part, raw parts and views.
        likes: everybody's likes; None where there are no viewings.
        measured: titles whose viewings nothing was learnt from, bool [T]: what usefulness is measured on.
    """

    view: View
    fusion: Fusion
    learnt: Learnt
    raw: Parts
    parts: dict[str, FloatArray]
    likes: Likes | None
    measured: BoolArray

    def unwatched(self) -> FloatArray:
        """Fused vectors [T, k] as they would be if nobody had watched the measured titles yet."""
        seen = self.learnt.observed.copy()
        seen[self.measured] = 0
        return self.learnt.fused(seen)

    def save(self, folder: Path) -> None:
        """Write fusion and bags."""
        self.fusion.save(folder)
        self.raw.save(folder)


def fuse_views(
    catalogue: Catalogue,
    facts: Facts,
    views: Sequence[View],
    viewings: pd.DataFrame,
    encoder: Texts,
    *,
    weights: Mapping[str, float],
    seed: int,
    dim: int = DIM,
    start: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> Fused:
    """Learn the fused view.

    Args:
        facts: what may be learnt from.
        views: the other views; the graph becomes a part, and so do vectors that were made elsewhere.
        viewings: as :meth:`kg.KnowledgeGraph.viewings` gives them; simulated ones have no say.
        encoder: of the summaries, with what it has encoded before.
        weights: factors of "theme" (the raw parts), "audience" (co-viewing) and the other views by name.
        start: the folder of what was learnt from a catalogue much like this one, with the same factors: vectors of
            what it knows, weights and axes are kept.
    """
    raw = raw_parts(catalogue, facts, encoder, seed=seed, start=start, progress=progress)
    parts = {name: vectors[: catalogue.num_titles] for name, vectors in raw.vectors.items()}
    beside = {v.name: v.vectors for v in views if v.name not in _APART and not v.simulated}
    parts |= beside
    ids = catalogue.titles["id"].tolist()
    measured = unseen(ids, seed=seed, share=UNSEEN)
    likes = Likes.of(catalogue, viewings) if len(viewings) else None
    counted = None if likes is None or likes.simulated else likes
    theme = weights.get("theme", 1.0)
    factors = dict.fromkeys(raw.vectors, theme) | {name: weights.get(name, 1.0) for name in beside}
    factors[VIEWINGS] = weights.get("audience", 1.0)
    if not any(factors.get(name) and vectors.any() for name, vectors in parts.items()):
        factors = {}  # nobody has what is asked for: better what there is than nothing
    learnt = learn(
        parts,
        counted.without(measured) if counted is not None and factors.get(VIEWINGS, 1.0) else None,
        dim=dim,
        weights=factors,
        start=None if start is None else Fusion.load(start),
    )
    fusion = learnt.fusion
    return Fused(
        view=view("fused", learnt.fused(learnt.observed), " + ".join(fusion.weights)),
        fusion=fusion,
        learnt=learnt,
        raw=raw,
        parts={name: vectors for name, vectors in parts.items() if name in fusion.weights},
        likes=likes,
        measured=measured,
    )
