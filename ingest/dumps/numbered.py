"""Sets of numbered identifiers (tt0078788, OL45804W, Q42) as bits, whatever their number."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kg.keys import Flags, Ints

Texts: TypeAlias = pa.Array | pa.ChunkedArray
Table: TypeAlias = np.ndarray[Any, np.dtype[Any]]
#: No publisher has come near this number. A slip such as tt9999999999 must not make a set of a few things enormous.
LIMIT = 1 << 28


def numbers(ids: Texts, prefix: str = "", suffix: str = "") -> Ints:
    """int64 [n]: the numbers below :data:`LIMIT` in identifiers such as tt0078788; −1 for any other text.

    >>> numbers(pa.array(["tt0078788", "tt", "nm12", None]), "tt").tolist()
    [78788, -1, -1, -1]
    """
    digits = pc.utf8_slice_codeunits(ids, len(prefix), -len(suffix) if suffix else None)
    shaped = pc.and_(pc.ascii_is_decimal(digits), pc.less(pc.utf8_length(digits), 11))
    if prefix:
        shaped = pc.and_(shaped, pc.starts_with(ids, prefix))
    if suffix:
        shaped = pc.and_(shaped, pc.ends_with(ids, suffix))
    values = pc.if_else(pc.fill_null(shaped, False), digits, "-1").cast(pa.int64())
    found = np.asarray(values.to_numpy(zero_copy_only=False))
    return np.where(found < LIMIT, found, -1)


def reaching(array: Table, numbers: Ints) -> Table:
    """`array` [m], longer if need be by zeros, so that every one of `numbers` (0 … LIMIT − 1) is an index of it."""
    highest = int(numbers.max(initial=-1))
    if highest < len(array):
        return array
    return np.pad(array, (0, max(highest + 1, min(2 * len(array), LIMIT)) - len(array)))


class Numbers:
    """A set of identifiers that are numbers between a `prefix` and a `suffix`; a byte for each up to the largest."""

    def __init__(self, prefix: str = "", suffix: str = "") -> None:
        self.prefix, self.suffix = prefix, suffix
        self._in = np.zeros(1 << 16, dtype=bool)

    def add(self, ids: Texts) -> None:
        """Put identifiers in; text of another form is none."""
        self.put(numbers(ids, self.prefix, self.suffix))

    def has(self, ids: Texts) -> pa.Array:
        """bool [n]: which of `ids` are in the set."""
        return pa.array(self.holds(numbers(ids, self.prefix, self.suffix)))

    def put(self, values: Ints) -> None:
        """Put numbers in; negative ones are none."""
        values = values[(values >= 0) & (values < LIMIT)]
        self._in = reaching(self._in, values)
        self._in[values] = True

    def holds(self, values: Ints) -> Flags:
        """bool [n]: which of `values` are in the set."""
        inside = (values >= 0) & (values < len(self._in))
        return np.asarray(inside & self._in[np.where(inside, values, 0)])

    def values(self) -> Ints:
        """int64 [n]: the numbers in the set, rising."""
        return np.flatnonzero(self._in)

    def __len__(self) -> int:
        return int(self._in.sum())
