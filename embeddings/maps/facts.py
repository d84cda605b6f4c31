"""The facts of many entities at once."""

from __future__ import annotations

import numpy as np

from embeddings.release import Release
from embeddings.views import BoolArray, IntArray


def facts_of(release: Release, entities: IntArray) -> tuple[IntArray, IntArray, IntArray, BoolArray]:
    """Facts whose head is one of `entities` [n]: whose they are (a place in `entities`), relation, tail, learnt."""
    offsets = np.asarray(release.array("facts/out.offsets.npy"))
    lengths = np.diff(offsets)[entities]
    members = np.repeat(np.arange(len(entities)), lengths)
    at = np.arange(len(members)) + np.repeat(offsets[entities] - np.cumsum(lengths) + lengths, lengths)
    relations, tails, learnt = (release.array(f"facts/out.{name}.npy")[at] for name in ("relation", "entity", "learnt"))
    return members, relations.astype(np.int64), tails.astype(np.int64), learnt
