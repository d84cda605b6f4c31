"""From what people write to positions: identifiers, labels and other labels, exactly or with typing errors."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cached_property
from itertools import takewhile

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from embeddings.names import fold
from embeddings.release import Release

_YEAR = re.compile(r"(.+?)\s*\((\d{4})\)\s*")
#: Below this score (0 … 100) two names have nothing to do with each other.
_CUTOFF = 60
_LONGEST = 300  # letters of a text that are looked at
#: So many names that begin with the text are looked at, whatever their ratio.
_BEGUN = 1000


class Names:
    """One table of names, sorted: of the titles, or of the other entities."""

    def __init__(self, release: Release, table: str) -> None:
        self._release, self._table = release, table

    @cached_property
    def _columns(self) -> pa.Table:
        return self._release.table(f"names/{self._table}.parquet")

    @cached_property
    def _keys(self) -> pa.Array:
        return _whole(self._columns["key"])

    @cached_property
    def _entities(self) -> npt.NDArray[np.int32]:
        return np.asarray(self._columns["entity"].to_numpy(), dtype=np.int32)

    @cached_property
    def _sorts(self) -> npt.NDArray[np.int8]:
        return np.asarray(self._columns["sort"].to_numpy(), dtype=np.int8)

    def _at(self, key: str) -> slice:
        """Rows whose key is `key`, found by bisection."""
        low = bisect_left(self._keys, key, key=_text)
        return slice(low, bisect_right(self._keys, key, lo=low, key=_text))

    def lookup(self, text: str) -> list[int]:
        """Positions of the entities called `text`: by identifier, else by label, else by another label.

        Labels are compared without case, accents and punctuation; of several entities whose labels then agree, one
        whose label is written exactly so is meant.
        """
        if found := self._entities[self._at(text)].tolist():
            return sorted(set(found))
        rows = self._at(fold(text))
        entities, sorts = self._entities[rows], self._sorts[rows]
        if not len(entities):
            return []
        best = entities[sorts == sorts.min()]
        if len(best) > 1:
            written = np.array([name == text for name in self._columns["name"][rows].to_pylist()])
            exact = entities[(sorts == sorts.min()) & written]
            best = exact if len(exact) else best
        return sorted(set(best.tolist()))

    def unique(self, texts: Sequence[str]) -> list[int]:
        """Positions of the entities called each of `texts`, −1 where nothing or more than one row has that key.

        For many names at once; :meth:`lookup` knows what to make of the others.
        """
        found, open_ = np.full(len(texts), -1, dtype=np.int64), np.ones(len(texts), dtype=bool)
        last = pa.scalar(max(len(self._keys) - 1, 0))
        for keys in (texts, [fold(text) for text in texts]) if all(isinstance(t, str) for t in texts) else ():
            rows = pc.index_in(pa.array(keys, pa.string()), value_set=self._keys)
            nexts = self._keys.take(pc.min_element_wise(pc.add(rows, 1), last))
            alone = np.asarray(
                pc.fill_null(pc.or_(pc.equal(rows, last), pc.not_equal(self._keys.take(rows), nexts)), False)
            )
            at = np.asarray(pc.fill_null(rows, -1))
            found[open_ & alone] = self._entities[at[open_ & alone]]
            open_ &= at < 0
        return found.tolist()

    def all_called(self, text: str) -> list[int]:
        """Positions of every entity one of whose names or identifiers is `text`."""
        return sorted({*self._entities[self._at(text)].tolist(), *self._entities[self._at(fold(text))].tolist()})

    def search(self, text: str, k: int, allowed: npt.NDArray[np.bool_] | None = None) -> list[tuple[int, float, str]]:
        """The `k` entities whose names come nearest to `text`: position, score 0 … 100, the name that matched.

        An identifier finds what it stands for.

        Likely names are picked by the weighted ratio of RapidFuzz, which looks at the whole, at parts, and at words in
        any order, and then ordered by :func:`likeness`. `allowed` is bool [number of entities].
        """
        from rapidfuzz import fuzz, process

        at = self._at(text)
        known = set(self._entities[at][self._sorts[at] == 0].tolist())
        if known := {i for i in known if allowed is None or allowed[i]}:
            return [(entity, 100.0, text) for entity in sorted(known)][:k]
        choices, rows = self._labels
        if allowed is not None:
            kept = allowed[self._entities[rows]]
            rows = rows[kept]
            choices = [choices[i] for i in np.flatnonzero(kept)]
        key = fold(text[:_LONGEST])
        found = process.extract(key, choices, scorer=fuzz.WRatio, limit=4 * k + 100, score_cutoff=_CUTOFF)
        first = bisect_left(choices, key)  # to few letters so many names come equally near that these may be missing
        begun = takewhile(lambda i: choices[i].startswith(key), range(first, min(first + _BEGUN, len(choices))))
        near = {i: name for name, _, i in found} | {i: choices[i] for i in begun}
        scored = [(likeness(key, name), int(rows[i])) for i, name in near.items()]
        best: dict[int, tuple[float, str]] = {}
        for score, row in sorted(scored, key=lambda hit: (-hit[0], self._sorts[hit[1]], hit[1])):
            if score >= _CUTOFF:
                best.setdefault(int(self._entities[row]), (score, self._columns["name"][row].as_py()))
        return [(entity, score, name) for entity, (score, name) in best.items()][:k]

    @cached_property
    def _labels(self) -> tuple[list[str], npt.NDArray[np.int64]]:
        """Folded labels and their rows, without identifiers."""
        rows = np.flatnonzero(self._sorts > 0)
        return self._keys.take(pa.array(rows)).to_pylist(), rows


def likeness(text: str, name: str) -> float:
    """How near `name` comes to `text`, 0 … 100: as a whole, with its words in any order, or if `text` is part of it.

    Names that begin with the text come before others that hold it. Names that are a small part of the text don't count
    for that: "now" is not what "apocalypse now" asks for.
    """
    from rapidfuzz import fuzz

    scores = [fuzz.ratio(text, name), 0.97 * fuzz.token_sort_ratio(text, name)]
    if len(text) < len(name):
        scores.append(0.9 * max(fuzz.partial_ratio(text, name), fuzz.token_set_ratio(text, name)))
        if name.startswith(text):  # somebody is still typing
            scores.append(92 + 6 * len(text) / len(name))
    return max(scores)


def with_year(text: str) -> tuple[str, int] | None:
    """Name and year of a text such as "Crash (2004)"."""
    found = _YEAR.fullmatch(text)
    return (found[1], int(found[2])) if found else None


def _text(scalar: pa.Scalar) -> str:
    return scalar.as_py()


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
