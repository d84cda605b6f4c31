"""Texts as vectors and as token states; each text is encoded once, by whichever of the two is asked for first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Lock

import numpy as np

from embeddings.content.cache import Half, VectorCache, key_of
from embeddings.content.encoder import MODEL, TextEncoder, digest_of, mean_of
from embeddings.content.tokens import TokenStore
from embeddings.views import FloatArray, IntArray

DIM = 384  # of the default model
_KEEP_EVERY = 2048  # texts; a refresh that is killed has lost no more than that
_RECENT = 64  # texts that are remembered where there is no folder: 13 MB, were each as long as can be


class Texts:
    """A text encoder with what it has encoded before.

    Args:
        cache: a folder that keeps vectors and token states by content; None: the last few are kept in memory, for
            somebody who changes a draft asks again and again with the same summary.
        model: as for :class:`embeddings.content.encoder.TextEncoder`; it is loaded when a text is new.
        sha256: what its weights must hash to.
    """

    def __init__(self, cache: Path | None, model: str = MODEL, sha256: str | None = None) -> None:
        self.model, self._sha256 = model, sha256
        self._encoder: TextEncoder | None = None
        self._cache = cache
        self._recent: OrderedDict[str, Half] = OrderedDict()
        self._lock = Lock()
        self.dim = DIM if model == MODEL else self.encoder.dim

    @property
    def encoder(self) -> TextEncoder:
        """The model, loaded. Raises :class:`ExtraMissing`, :class:`WeightsError`."""
        with self._lock:  # who asks while it is being loaded waits for it, and does not load another
            if self._encoder is None:
                self._encoder = TextEncoder(self.model, self._sha256)
            return self._encoder

    def vectors(self, texts: Sequence[str], progress: Callable[[float], None] | None = None) -> FloatArray:
        """Means of token states, of length 1, float32 [n, d]; zeros for empty texts."""
        unique, rows = _distinct(texts)
        if self._cache is None:
            vectors = self._means(unique) if unique else np.zeros((0, self.dim), dtype=np.float16)
        else:
            cache = VectorCache(self._cache, digest_of(self.model), self.dim)
            vectors, known = cache.get([key_of(text) for text in unique])
            for part in _parts(np.flatnonzero(~known), unique, progress):
                vectors[part] = self.encoder([unique[i] for i in part])
                cache.add([key_of(unique[i]) for i in part], vectors[part])
        full = np.zeros((len(texts), self.dim), dtype=np.float32)
        full[rows >= 0] = vectors[rows[rows >= 0]]
        return full

    def tokens(self, texts: Sequence[str], progress: Callable[[float], None] | None = None) -> tuple[Half, IntArray]:
        """Token states, float16 [tokens, d], mapped from the cache; and which are whose.

        Returns:
            The states, and first token and number of tokens of each text, int64 [n, 2]; empty texts have none.
        """
        unique, rows = _distinct(texts)
        if self._cache is None:
            states = self._states(unique) if unique else []
            counts = np.array([len(each) for each in states], dtype=np.int64)
            found = np.stack([np.cumsum(counts) - counts, counts], axis=1)
            flat = np.concatenate([np.zeros((0, self.dim), dtype=np.float16), *states])
        else:
            store = TokenStore(self._cache, digest_of(self.model), self.dim)
            for part in _parts(np.flatnonzero(store.find(unique)[:, 1] == 0), unique, progress):
                self._keep(store, self._cache, [unique[i] for i in part])
            found, flat = store.find(unique), store.states()
        spans = np.zeros((len(texts), 2), dtype=np.int64)
        spans[rows >= 0] = found[rows[rows >= 0]]
        return flat, spans

    def _means(self, texts: list[str]) -> Half:
        if len(texts) > _RECENT:  # then they are asked for once, and all their states need not be held
            return self.encoder(texts)
        return mean_of(self._states(texts)).astype(np.float16)

    def _states(self, texts: list[str]) -> list[Half]:
        """Token states of each text, remembered or new."""
        with self._lock:
            found = {text: self._recent[text] for text in texts if text in self._recent}
        new = [text for text in texts if text not in found]
        if new:
            found |= zip(new, self.encoder.states(new), strict=True)
        with self._lock:
            for text in texts[-_RECENT:]:
                self._recent[text] = found[text]
                self._recent.move_to_end(text)
            while len(self._recent) > _RECENT:
                self._recent.popitem(last=False)
        return [found[text] for text in texts]

    def _keep(self, store: TokenStore, folder: Path, texts: list[str]) -> None:
        """Encode `texts`; keep their token states, and their means too."""
        states = self.encoder.states(texts)
        store.add(texts, states)
        cache = VectorCache(folder, digest_of(self.model), self.dim)
        keys = [key_of(text) for text in texts]
        lacking = np.flatnonzero(~cache.get(keys)[1])
        if len(lacking):
            cache.add([keys[i] for i in lacking], mean_of([states[i] for i in lacking]).astype(np.float16))


def encode(texts: Sequence[str], cache: Path, progress: Callable[[float], None] | None = None) -> FloatArray:
    """Unit vectors [n, 384] of `texts` by the default model; zeros for empty ones. See :class:`Texts`."""
    return Texts(cache).vectors(texts, progress)


def _distinct(texts: Sequence[str]) -> tuple[list[str], IntArray]:
    """The texts that are not empty, in normal spacing, each once; and which of them each text is, −1 for empty ones."""
    cleaned = [" ".join(text.split()) for text in texts]
    unique = sorted({text for text in cleaned if text})
    at = {text: i for i, text in enumerate(unique)}
    return unique, np.array([at.get(text, -1) for text in cleaned], dtype=np.int64)


def _parts(rows: IntArray, texts: Sequence[str], progress: Callable[[float], None] | None) -> Iterator[IntArray]:
    rows = rows[np.argsort([len(texts[i]) for i in rows], kind="stable")]  # alike lengths together
    for start in range(0, len(rows), _KEEP_EVERY):
        part = rows[start : start + _KEEP_EVERY]
        yield part
        if progress is not None:
            progress((start + len(part)) / len(rows))
