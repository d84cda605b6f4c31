"""Bags as vectors: a work's tags, genres or people, rare ones counting more; and what it is called."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path

import numpy as np

from embeddings.catalogue import Catalogue, Facts
from embeddings.names import fold
from embeddings.rarity import rarity
from embeddings.sparse import folded, reduce, table
from embeddings.views import FloatArray, IntArray, unit

#: What `naming` does, for those who keep its vectors: others can't be compared with them.
NAMING = "16 places by blake2b"


@dataclass(frozen=True, kw_only=True, eq=False)
class Bag:
    """Vectors of what may be in a bag; a work's vector is the direction of their sum.

    Attributes:
        things: what can be in it (identifiers), [F].
        vectors: float32 [F, d], times how rare each is.
    """

    things: Sequence[str]
    vectors: FloatArray

    def __call__(self, bags: Sequence[Sequence[str]]) -> FloatArray:
        """Unit vectors [n, d] of bags of identifiers; unknown ones count nothing, an empty bag is zero."""
        at = self._numbers
        full = np.zeros((len(bags), self.vectors.shape[1]), dtype=np.float32)
        for row, bag in enumerate(bags):
            if known := [at[name] for name in bag if name in at]:
                full[row] = self.vectors[known].sum(axis=0)
        return unit(full)

    def over(self, things: Sequence[str]) -> FloatArray:
        """Vectors [n, d] of things, one each; zeros for those that it does not know."""
        at = np.array([self._numbers.get(name, -1) for name in things], dtype=np.int64)
        return np.where((at >= 0)[:, None], self.vectors[at], 0).astype(np.float32)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.things)}

    def save(self, folder: Path, name: str) -> None:
        """Write `name`.json and `name`.safetensors."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.json").write_text(json.dumps(list(self.things), ensure_ascii=False), encoding="utf-8")
        save_file({"vectors": np.ascontiguousarray(self.vectors)}, folder / f"{name}.safetensors")

    @classmethod
    def load(cls, folder: Path, name: str) -> Bag:
        """What `save` wrote."""
        from safetensors.numpy import load_file

        things = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        return cls(things=things, vectors=load_file(folder / f"{name}.safetensors")["vectors"])


def bag_of_facts(
    catalogue: Catalogue,
    facts: Facts,
    works: IntArray,
    types: Sequence[str],
    dim: int,
    *,
    seed: int,
    start: Bag | None = None,
) -> tuple[FloatArray, Bag]:
    """Vectors [w, at most dim] of works by what their facts link them to, among entities of `types`, and their bag.

    The same entity counts once, whatever relation names it: a word is one tag whether editors or viewers gave it.
    Inverse document frequency, then the axes of a truncated SVD over the titles (latent semantic analysis; Deerwester
    et al., 1990), onto which books are projected.

    Args:
        facts: what may be learnt from.
        works: positions, ascending, the titles first.
        start: the bag of a catalogue much like this one; what it knows keeps its vector.
    """
    own = facts[np.isin(facts.relations, catalogue.numbers(catalogue.describing(*types)))]
    own = own[np.isin(own.heads, works)]
    rows = np.searchsorted(works, own.heads)
    things, columns = np.unique(own.tails, return_inverse=True)
    columns = columns.astype(np.int64)
    counts = np.bincount(np.unique(columns * len(works) + rows) // len(works), minlength=len(things))
    idf = np.asarray(rarity(np.maximum(counts, 1), len(np.unique(rows))), dtype=np.float32)
    idf[counts < 2] = 0  # what one work has makes nothing alike
    strength = 1 + np.log(np.maximum(own.weights, 1))
    matrix = table(rows, columns, idf[columns] * strength, (len(works), max(len(things), 1)))
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    matrix = matrix.multiply(1 / np.maximum(lengths, 1e-9)[:, None]).tocsr()
    names = catalogue.entities["id"].to_numpy()[things].tolist()
    own_titles = matrix[: catalogue.num_titles]
    if len(things) and start is not None and start.vectors.shape[1] == min(dim, *own_titles.shape):
        before = start.over(names) / np.maximum(idf, 1e-3)[:, None]
        axes = folded(own_titles, before.astype(np.float32))
    else:
        axes = reduce(own_titles.T.tocsr(), dim, seed=seed)  # [F, d], V·Σ
        axes = axes / np.maximum(np.linalg.norm(axes, axis=0), 1e-9)
    bag = Bag(things=names, vectors=np.asarray(axes[: len(names)] * idf[:, None], dtype=np.float32))
    return unit(np.asarray(matrix @ axes, dtype=np.float32)), bag


def naming(names: Sequence[str], dim: int) -> FloatArray:
    """Unit vectors [n, dim] of names: near 1 where two are called the same, little where they share a word.

    A name counts as a whole (3), by its pairs of neighbouring words (2) and by its words (1), without what stands in
    brackets and without "the", "and", "of". Feature hashing (Weinberger et al., 2009): each adds or takes its count
    at sixteen places that its digest decides, so nothing is learnt and nothing stored. With two places, a pair in three
    of names that share nothing met at one of them, and looked alike by as much as a word.
    """
    full = np.zeros((len(names), dim), dtype=np.float32)
    for start in range(0, len(names), _TOGETHER):
        _hash(names[start : start + _TOGETHER], full[start : start + _TOGETHER])
    return unit(full)


def _hash(names: Sequence[str], full: FloatArray) -> None:
    """Add what the names are made of to their rows of `full` [n, dim]."""
    rows, pieces, counts = [], [], []
    numbers: dict[str, int] = {}
    for row, name in enumerate(names):
        words = fold(_BRACKETS.sub(" ", name)).split() or fold(name).split()
        words = [word for word in words if word not in _COMMON] or words
        told = dict.fromkeys(words, 1.0) | {f"{a} {b}": 2.0 for a, b in pairwise(words)} | {" ".join(words): 3.0}
        for piece, count in told.items():
            rows.append(row)
            pieces.append(numbers.setdefault(piece, len(numbers)))
            counts.append(count)
    digests = b"".join(blake2b(piece.encode(), digest_size=2 * _PLACES).digest() for piece in numbers)
    codes = np.frombuffer(digests, dtype="<u2").reshape(-1, _PLACES)[pieces].astype(np.int64)  # [pieces, places]
    signs = np.where(codes & 1, 1, -1) * np.asarray(counts, dtype=np.float32).reshape(-1, 1)
    dim = full.shape[1]
    np.add.at(full.reshape(-1), np.asarray(rows, dtype=np.int64).reshape(-1, 1) * dim + (codes >> 1) % dim, signs)


_PLACES = 16
_TOGETHER = 1 << 16  # names, whose places are some 100 MB
_BRACKETS = re.compile(r"[(\[].*?[)\]]")
_COMMON = frozenset(
    ("a", "an", "and", "at", "de", "der", "des", "die", "du", "el", "for", "from", "i", "il", "in", "is")
).union(("la", "las", "le", "les", "los", "my", "of", "on", "the", "to", "un", "with"))
