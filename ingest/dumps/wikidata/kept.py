"""Which items of Wikidata are kept, and of what type each item is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.dumps.numbered import LIMIT, Numbers, numbers, reaching
from ingest.dumps.wikidata.meaning import INSTANCE_OF, Meaning
from ingest.dumps.wikidata.spool import Spool
from kg.keys import Flags, Ints

_WORKS = ("Film", "Series", "Book")


class Kept:
    """The kept items: works that other catalogues number or that are listed, and what they name in `through`."""

    def __init__(self, spool: Spool, meaning: Meaning, listed: Sequence[str]) -> None:
        self._meaning = meaning
        self._types = np.zeros(0, dtype=np.uint8)  # [items]: number of the type in `meaning.types`, from 1
        for table in spool.parts([INSTANCE_OF]):
            self._learn(table)
        self.items = Numbers("Q")
        named = Numbers("Q")
        for identifier in meaning.identifiers:
            wanted = self._listed(identifier.id, listed)
            for table in spool.parts([identifier.property]):
                items = table["item"].to_numpy()
                right = pc.match_substring_regex(table["value"], f"^(?:{identifier.form})$").to_numpy()
                right &= self._is_work(items)
                if meaning.only_listed:
                    right &= pc.is_in(table["value"], value_set=wanted).to_numpy()
                self.items.put(items[right])
        own = numbers(pa.array([i.removeprefix("wd:") for i in listed if i.startswith("wd:")], pa.string()), "Q")
        self.items.put(own)
        for table in spool.parts(meaning.through, self.items):
            named.add(table["value"])
        for table in spool.parts([INSTANCE_OF], named):
            items = table["item"].to_numpy()
            self.items.put(items[self._codes(items) > 0])

    def _listed(self, template: str, listed: Sequence[str]) -> pa.Array:
        """The values among the `listed` identifiers that are of the space of `template`."""
        space = template.partition("{}")[0]
        return pa.array([i.removeprefix(space) for i in listed if i.startswith(space)], pa.string())

    def _learn(self, table: pa.Table) -> None:
        classes = pa.array(list(self._meaning.classes), pa.string())
        codes = np.array([self._meaning.types.index(t) + 1 for t in self._meaning.classes.values()], dtype=np.uint8)
        at = pc.index_in(table["value"], value_set=classes)
        items = table["item"].to_numpy()
        known = pc.is_valid(at).to_numpy() & (items < LIMIT)
        items, types = items[known], codes[at.to_numpy()[known].astype(np.int64)]
        self._types = reaching(self._types, items)
        for code in range(1, len(self._meaning.types) + 1):  # of several types the first counts
            these = items[types == code]
            before = self._types[these]
            self._types[these[(before == 0) | (before > code)]] = code

    def types(self, items: Ints) -> list[str | None]:
        """The type of each item [n], by its class; None where its classes are not in the table."""
        names = [None, *self._meaning.types]
        return [names[code] for code in self._codes(items).tolist()]

    def _codes(self, items: Ints) -> Ints:
        inside = (items >= 0) & (items < len(self._types))
        found = np.zeros(len(items), dtype=np.int64)
        found[inside] = self._types[items[inside]]
        return found

    def _is_work(self, items: Ints) -> Flags:
        codes = [self._meaning.types.index(t) + 1 for t in _WORKS if t in self._meaning.types]
        return np.isin(self._codes(items), codes)
