"""Text vectors are computed once: a folder of Parquet files, only ever added to."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

Half = npt.NDArray[np.float16]


def key_of(text: str) -> bytes:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).digest()


class VectorCache:
    """Vectors in half precision, by SHA-256 of what they stand for, in one folder for each model.

    Args:
        folder: where the files are; made when something is first added. A file that can't be read is ignored: its
            vectors are computed again.
        model: what identifies the model (its digest); vectors of another model are never mixed in.
        dim: dimension d.
    """

    def __init__(self, folder: Path, model: str, dim: int) -> None:
        self.folder = folder / model[:16]
        self.dim = dim
        self._type = pa.binary(2 * dim)

    def get(self, keys: Sequence[bytes]) -> tuple[Half, npt.NDArray[np.bool_]]:
        """Vectors float16 [n, d], zeros where unknown, and which are known, bool [n]."""
        wanted = {key: i for i, key in reversed(list(enumerate(keys)))}
        vectors = np.zeros((len(keys), self.dim), dtype=np.float16)
        known = np.zeros(len(keys), dtype=bool)
        for file in sorted(self.folder.glob("*.parquet")):
            try:
                table = pq.read_table(file)
                stored = np.frombuffer(
                    b"".join(table["vector"].cast(pa.binary()).to_pylist()), dtype=np.float16
                ).reshape(-1, self.dim)
                names = table["key"].to_pylist()
            except (pa.ArrowException, OSError, KeyError, ValueError):
                continue
            pairs = [(wanted[key], row) for row, key in enumerate(names) if key in wanted]
            if pairs:
                at, rows = map(list, zip(*pairs, strict=True))
                vectors[at], known[at] = stored[rows], True
        return vectors, known

    def add(self, keys: Sequence[bytes], vectors: Half) -> None:
        """Keep vectors float16 [n, d]; the file appears whole or not at all."""
        if not len(keys):
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        table = pa.table(
            {
                "key": pa.array(keys, pa.binary(32)),
                "vector": pa.array(
                    [row.tobytes() for row in np.ascontiguousarray(vectors, dtype=np.float16)], self._type
                ),
            }
        )
        name = uuid.uuid4().hex
        draft = self.folder / f".{name}.tmp"
        pq.write_table(table, draft, compression="none")
        os.replace(draft, self.folder / f"{name}.parquet")
