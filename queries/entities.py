"""What a release knows of its entities: labels, kinds, years, types; titles are the first of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from embeddings.release import Release
from queries.errors import AmbiguousEntity, AmbiguousTitle, EmptyQuestion, UnknownEntity, UnknownKind, UnknownTitle
from queries.names import Names, with_year

Positions = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Entities:
    """Entities by position, and positions by name."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self.num_titles = int(release.manifest["num_titles"])
        self.count = int(release.manifest["num_entities"])
        self.title_names = Names(release, "titles")
        self.other_names = Names(release, "others")
        self._kinds: dict[str, Flags] = {}

    # -- what they are

    @cached_property
    def _titles(self) -> pa.Table:
        return self._release.table("titles.parquet", "id", "label", "kind", "year")

    @cached_property
    def _all(self) -> pa.Table:
        """Of every entity; what is no title or book has its type for a kind."""
        table = self._release.table("entities.parquet", "id", "label", "kind", "year", "type")
        kinds = table["type"].combine_chunks().dictionary_encode()
        words = pa.array([_words(name) for name in kinds.dictionary.to_pylist()], pa.string()).take(kinds.indices)
        return table.set_column(2, "kind", pc.coalesce(table["kind"], words))

    def cards(self, positions: Positions) -> pd.DataFrame:
        """id, label, kind, year of entities, in the order of `positions`."""
        return pd.DataFrame(self.columns(positions))

    def columns(self, positions: Positions) -> dict[str, Any]:
        """The columns of :meth:`cards` by name; a frame made at once of all its columns takes a tenth of the time."""
        rows = self._of(positions).take(pa.array(positions, pa.int64()))
        years = rows["year"].combine_chunks()
        found: dict[str, Any] = {name: _strings(rows[name]) for name in ("id", "label", "kind")}
        values, unknown = (np.asarray(a, dtype=t) for a, t in ((years.fill_null(0), np.int32), (years.is_null(), bool)))
        return found | {"year": pd.arrays.IntegerArray(values.copy(), unknown.copy())}

    def _of(self, positions: Sequence[int] | Positions) -> pa.Table:
        """The smallest table that has all of these."""
        return self._titles if not len(positions) or max(positions) < self.num_titles else self._all

    def _each(self, name: str, positions: Sequence[int] | Positions) -> list[str]:
        column = self._of(positions)[name]
        if len(positions) > 100:
            return list(column.take(pa.array(positions, pa.int64())).to_pylist())
        return [column[int(i)].as_py() for i in positions]

    def labels(self, positions: Sequence[int] | Positions) -> list[str]:
        """Labels of any entities."""
        return self._each("label", positions)

    def kinds(self, positions: Sequence[int] | Positions) -> list[str]:
        """Kinds of any entities: film, series, book, or what their type is called."""
        return self._each("kind", positions)

    def ids(self, positions: Sequence[int] | Positions) -> list[str]:
        """Identifiers of any entities."""
        return self._each("id", positions)

    def label(self, title: int) -> str:
        """The label of a title."""
        return self._titles["label"][title].as_py()

    def of_kind(self, kind: str) -> Flags:
        """Which entities [E] are of a kind: "film", "series", "title", "book", "person", "tag", "user tag", …

        Raises :class:`UnknownKind`.
        """
        types = self._release.manifest["types"]
        wanted = _words(kind).replace(" ", "") if isinstance(kind, str) else ""
        found = [name for name in types if name.casefold() == wanted]
        if not found:
            raise UnknownKind(kind, [_words(name) for name in types if name[:2].casefold() == wanted[:2]])
        if found[0] not in self._kinds:
            among = pc.is_in(self._all["type"], value_set=pa.array(types[found[0]])).to_numpy().astype(bool)
            among.setflags(write=False)
            self._kinds[found[0]] = among
        return self._kinds[found[0]]

    # -- what they are called

    def title(self, name: str) -> int:
        """The position of the title called `name`: an identifier, a label, another label, or "label (year)".

        Raises :class:`UnknownTitle`, :class:`AmbiguousTitle`, :class:`EmptyQuestion`.
        """
        found = self._called(name, self.title_names)
        if not found:
            nearest = list(dict.fromkeys(label for _, _, label in self.title_names.search(name, 3)))
            elsewhere = self.cards(np.array(self.other_names.lookup(name)[:1], dtype=np.int64))
            hint = f"There is a {elsewhere['kind'][0]} of that name; `related` takes it." if len(elsewhere) else ""
            raise UnknownTitle(name, nearest, hint)
        if len(found) > 1:
            raise AmbiguousTitle(name, self.cards(np.array(found)))
        return found[0]

    def titles(self, names: str | Sequence[str] | pd.Series[str]) -> Positions:
        """Positions of one title or several. Raises as :meth:`title` does."""
        several = [names] if isinstance(names, str) else list(names)
        if not several:
            raise EmptyQuestion("No title is given: the list is empty.")
        known = self.title_names.unique(several) if len(several) > 100 else [-1] * len(several)
        found = [self.title(name) if at < 0 else at for name, at in zip(several, known, strict=True)]
        return np.array(found, dtype=np.int64)

    def entity(self, name: str, kind: str | None = None) -> int:
        """The position of whatever is called `name`. Raises :class:`UnknownEntity`, :class:`AmbiguousEntity`."""
        found = sorted({*self._called(name, self.title_names), *self._called(name, self.other_names)})
        if kind is not None:
            found = [i for i in found if self.of_kind(kind)[i]]
        if not found:
            nearest = [hit for names in (self.title_names, self.other_names) for hit in names.search(name, 3)]
            nearest.sort(key=lambda hit: -hit[1])
            raise UnknownEntity(name, list(dict.fromkeys(label for _, _, label in nearest))[:3])
        if len(found) > 1:
            raise AmbiguousEntity(name, self.cards(np.array(found)))
        return found[0]

    def _called(self, name: str, names: Names) -> list[int]:
        if not isinstance(name, str) or not name.strip():
            raise EmptyQuestion(f"{name!r} is no name: give a label or an identifier.")
        found = names.lookup(name)
        if not found and (parts := with_year(name)) is not None:
            bare, year = parts
            found = [i for i in names.all_called(bare) if self.cards(np.array([i]))["year"][0] == year]
        return found


def _words(name: str) -> str:
    """`UserTag`, `user_tag` and `user tag` are "user tag"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[_\s]+", " ", name).casefold().strip()


def _strings(column: pa.ChunkedArray) -> pd.api.extensions.ExtensionArray:
    text = pd.StringDtype(storage="pyarrow", na_value=np.nan)
    return pd.arrays.ArrowStringArray(column.cast(pa.large_string()), dtype=text)  # type: ignore[call-arg]


def to_frame(table: pa.Table) -> pd.DataFrame:
    """A table as a frame; years that are not known stay whole numbers beside the known ones."""
    threads = len(table) > 10_000  # a few rows are there before threads have begun
    return table.to_pandas(types_mapper={pa.int32(): pd.Int32Dtype()}.get, use_threads=threads)
