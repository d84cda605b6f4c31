"""Which things are set apart for measuring: by a hash of their name and the seed, the same in every version."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def marks(purpose: str, ids: Sequence[str], *, seed: int) -> npt.NDArray[np.uint64]:
    """A number [n] for each identifier, evenly spread over 64 bits; another for each purpose."""
    key = seed.to_bytes(16, "little", signed=True)
    found = [
        int.from_bytes(hashlib.blake2b(f"{purpose} {name}".encode(), digest_size=8, key=key).digest(), "little")
        for name in ids
    ]
    return np.array(found, dtype=np.uint64)
