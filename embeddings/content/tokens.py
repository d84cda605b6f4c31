"""Token states are computed once a text: two flat files that are only ever added to, mapped from disk.

    states.f16   all token states, one after the other, float16 [tokens, d]
    index        48 bytes a text: SHA-256 of the text, first token (int64), number of tokens (int64)

States are on disk before the index names them. Whatever a killed process left behind the last whole entry of the index
is cut off by the next one that writes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from filelock import FileLock

from embeddings.content.cache import Half, key_of
from embeddings.views import IntArray

_ENTRY = np.dtype([("key", "S32"), ("first", "<i8"), ("count", "<i8")])


class TokenStore:
    """Token states of texts, by SHA-256 of the text, in one folder for each model.

    Args:
        folder: where the files are; made when something is first added.
        model: what identifies the model (its digest); states of another model are never mixed in.
        dim: dimension d.
    """

    def __init__(self, folder: Path, model: str, dim: int) -> None:
        self.folder = folder / model[:16] / "tokens"
        self.dim = dim

    def find(self, texts: Sequence[str]) -> IntArray:
        """First token and number of tokens of each text, int64 [n, 2]; no tokens where it is not there."""
        entries = self._entries()
        at = {bytes(key).ljust(32, b"\0"): i for i, key in enumerate(entries["key"])}
        rows = np.array([at.get(key_of(text), -1) for text in texts], dtype=np.int64)
        spans = np.zeros((len(texts), 2), dtype=np.int64)
        spans[rows >= 0] = np.stack([entries["first"], entries["count"]], axis=1)[rows[rows >= 0]]
        return spans

    def states(self) -> Half:
        """All token states, mapped, float16 [tokens, d]."""
        end = self._end(self._entries())
        if not end:
            return np.zeros((0, self.dim), dtype=np.float16)
        return np.memmap(self.folder / "states.f16", dtype=np.float16, mode="r", shape=(end, self.dim)).view(np.ndarray)

    def add(self, texts: Sequence[str], states: Sequence[Half]) -> None:
        """Keep the token states, float16 [its tokens, d] each, of `texts`; those it has already are passed over."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / "lock"):
            new = [i for i, count in enumerate(self.find(texts)[:, 1]) if not count and len(states[i])]
            if not new:
                return
            entries = self._entries()
            first = self._end(entries)
            counts = np.array([len(states[i]) for i in new])
            added = np.zeros(len(new), dtype=_ENTRY)
            added["key"] = [key_of(texts[i]) for i in new]
            added["first"], added["count"] = first + np.cumsum(counts) - counts, counts
            flat = np.concatenate([states[i] for i in new]).astype(np.float16)
            _append(self.folder / "states.f16", first * self.dim * 2, flat.tobytes())
            _append(self.folder / "index", len(entries) * _ENTRY.itemsize, added.tobytes())

    def _entries(self) -> np.ndarray[tuple[int], np.dtype[np.void]]:
        """The index up to the last entry whose states are all there."""
        try:
            content = (self.folder / "index").read_bytes()
            size = (self.folder / "states.f16").stat().st_size // (2 * self.dim)
        except FileNotFoundError:
            return np.zeros(0, dtype=_ENTRY)
        entries = np.frombuffer(content[: len(content) // _ENTRY.itemsize * _ENTRY.itemsize], dtype=_ENTRY)
        first, count = entries["first"], entries["count"]
        ends = np.cumsum(np.clip(count, 0, size + 1))  # each begins where the last one ended
        whole = (count > 0) & (first == ends - count) & (ends <= size)
        return entries[: len(entries) if whole.all() else int(np.argmin(whole))]

    def _end(self, entries: np.ndarray[tuple[int], np.dtype[np.void]]) -> int:
        return int(entries["first"][-1] + entries["count"][-1]) if len(entries) else 0


def _append(file: Path, at: int, content: bytes) -> None:
    """Write `content` behind the first `at` bytes, and force it to disk."""
    with file.open("ab") as stream:
        stream.truncate(at)
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
