"""Conditions on titles: which of them may be found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from embeddings.release import Release
from queries.countries import Countries
from queries.entities import Entities, Flags, Positions
from queries.errors import BadFilter, BadQuestion, UnknownCountry
from queries.facts import Facts
from queries.launches import day, launches

_COLUMNS = ("kind", "year", "country", "language", "launched", "not")
_GENRES = ("has_genre", "micro_genre")


class Filters:
    """Turns `where` into which titles pass, bool [T].

    Conditions: `kind` (film, series), `year` (one, or (first, last), either may be None), `country` and `language` of
    production (codes or names), `genre`, `launched`, and any relation by name. A value may be a list: one of them is
    enough. For a relation, True asks for any fact of it and {"kind": "book"} for one that leads to a book. `launched`
    is True (by the day on which the release was made), False, or a day before which it must be certain. `not` holds
    conditions of which none may be met. All others must hold.
    """

    def __init__(self, release: Release, entities: Entities, facts: Facts, countries: Countries) -> None:
        self._release, self._entities, self._facts, self._countries = release, entities, facts, countries
        self._lists: dict[str, tuple[Any, Positions]] = {}

    def __call__(self, where: Mapping[str, Any] | None) -> Flags:
        """Which titles pass. Raises :class:`BadFilter`, :class:`~queries.errors.UnknownCountry`."""
        allowed = np.ones(self._entities.num_titles, dtype=bool)
        if not isinstance(where, Mapping | None):
            raise BadFilter(f"where is {where!r}, but must be conditions such as {{'kind': 'film'}}.")
        for name, value in (where or {}).items():
            if value is None:
                continue
            if name == "year":
                allowed &= self._year(value)
                continue
            if name == "not":
                if not isinstance(value, Mapping):
                    raise BadFilter(f"not: {value!r} are no conditions; write {{'not': {{'genre': 'Drama'}}}}.")
                for one in value.items():
                    allowed &= ~self(dict([one]))
                continue
            if name == "launched":
                allowed &= self._launched(value)
                continue
            values = list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
            if not values:
                raise BadFilter(f"{name}: the list of allowed values is empty.")
            allowed &= np.logical_or.reduce([self._one(name, v) for v in values])
        return allowed

    def _one(self, name: str, value: object) -> Flags:
        if name == "kind":
            return self._kind(value)
        if name == "country":
            code = self._countries.code(value)
            entities = self._countries.entities(code)
            flags = self._listed("countries", code) | self._fact("produced_in", entities)
            if not entities and not flags.any():
                raise UnknownCountry(value, hint="Give a code such as 'ES', or a name.")
            return flags
        if name == "language":
            return self._language(value)
        relations = _GENRES if name == "genre" else (name,)
        known = [relation for relation in relations if self._facts.numbers(relation)]
        if not known:
            conditions = [*_COLUMNS, "genre", *(relation.name for relation in self._facts.relations)]
            near = get_close_matches(str(name), conditions, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise BadFilter(
                f"Titles can't be filtered by {name!r}.{hint} Conditions: {', '.join(_COLUMNS)}, genre, or a relation."
            )
        if isinstance(value, bool):
            having: Flags = np.logical_or.reduce([self._having(relation) for relation in known])
            return having if value else ~having
        if isinstance(value, Mapping) and set(value) == {"kind"} and isinstance(value["kind"], str):
            ends = self._entities.of_kind(value["kind"])
            return np.logical_or.reduce([self._having(relation, ends) for relation in known])
        if not isinstance(value, str):
            raise BadFilter(f"{name}: {value!r} is neither a name nor an identifier.")
        called = [*self._entities.other_names.all_called(value), *self._entities.title_names.all_called(value)]
        passing = [self._fact(relation, called) for relation in known]
        if not called:
            near = [label for _, _, label in self._entities.other_names.search(value, 3)]
            raise BadFilter(f"{name}: nothing is called {value!r}." + (f" Nearest: {', '.join(near)}." if near else ""))
        return np.logical_or.reduce(passing)

    def _kind(self, value: object) -> Flags:
        if not isinstance(value, str) or value not in ("film", "series"):
            raise BadFilter(f"kind is {value!r}, but a title is a film or a series.")
        return np.asarray(pc.fill_null(pc.equal(self._column("kind"), value), False).to_numpy(zero_copy_only=False))

    def _year(self, value: Any) -> Flags:
        bounds = (value, value) if isinstance(value, int | np.integer) else value
        if (
            not isinstance(bounds, Sequence)
            or isinstance(bounds, str)
            or len(bounds) != 2
            or not all(b is None or (isinstance(b, int | np.integer) and not isinstance(b, bool)) for b in bounds)
            or isinstance(value, bool)
        ):
            raise BadFilter(f"year is {value!r}, but must be a year or (first, last), either of which may be None.")
        low, high = bounds
        if low is not None and high is not None and low > high:
            raise BadFilter(f"year: {low} is after {high}.")
        years = pc.fill_null(self._column("year"), np.iinfo(np.int32).min).to_numpy(zero_copy_only=False)
        passing = years != np.iinfo(np.int32).min
        if low is not None:
            passing &= years >= low
        if high is not None:
            passing &= years <= high
        return np.asarray(passing)

    def _language(self, value: object) -> Flags:
        if not isinstance(value, str) or not value.strip():
            raise BadFilter(f"language is {value!r}, but must be a code such as 'es', or a name.")
        names = self._entities.other_names
        called = names.all_called(value) or names.all_called(f"language:{value.lower()}")
        codes = {name.rpartition(":")[2] for name in self._entities.ids(called)} | {value.lower()}
        passing = [self._listed("languages", code) for code in sorted(codes)]
        flags = np.logical_or.reduce([*passing, self._fact("in_language", called)])
        if not flags.any() and not called:
            raise BadFilter(f"language: no title is in {value!r}.")
        return flags

    def _column(self, name: str) -> pa.Array:
        column = self._release.table("titles.parquet", name)[name]
        return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)

    def _listed(self, column: str, code: str) -> Flags:
        """Which titles have `code` in a column of lists, with or without a prefix."""
        if column not in self._lists:
            lists = self._column(column)
            values = lists.flatten().dictionary_encode()
            self._lists[column] = values, pc.list_parent_indices(lists).to_numpy()
        values, titles = self._lists[column]
        prefix = "country" if column == "countries" else "language"
        flags = np.zeros(self._entities.num_titles, dtype=bool)
        for number, name in enumerate(values.dictionary.to_pylist()):
            if name in (code, f"{prefix}:{code}"):
                flags[titles[values.indices.to_numpy() == number]] = True
        return flags

    def _fact(self, relation: str, tails: Sequence[int]) -> Flags:
        flags = np.zeros(self._entities.num_titles, dtype=bool)
        for number in self._facts.numbers(relation):
            for tail in tails:
                heads = self._facts.heads(number, tail)
                flags[heads[heads < len(flags)]] = True
        return flags

    def _having(self, relation: str, ends: Flags | None = None) -> Flags:
        flags = np.zeros(self._entities.num_titles, dtype=bool)
        for number in self._facts.numbers(relation):
            heads = self._facts.having(number, ends)
            flags[heads[heads < len(flags)]] = True
        return flags

    def _launched(self, value: object) -> Flags:
        if isinstance(value, bool):
            flags = self._launched(self._release.manifest["created"][:10])
            return flags if value else ~flags
        try:
            limit = day(value, "launched")
        except BadQuestion as error:
            raise BadFilter(str(error)) from error
        return np.asarray(launches(self._release)[1] < limit)  # NaT is before nothing

    def tagged(self, name: str) -> Flags:
        """Which titles lead by any relation to something called `name`. Raises :class:`BadFilter`."""
        called = self._entities.other_names.all_called(name) if name.strip() else []
        if not called:
            near = [label for _, _, label in self._entities.other_names.search(name, 3)]
            raise BadFilter(f"Nothing is called {name!r}." + (f" Nearest: {', '.join(near)}." if near else ""))
        flags = np.zeros(self._entities.num_titles, dtype=bool)
        for tail in called:
            heads = self._facts.of(tail, "in")[1]
            flags[heads[heads < len(flags)]] = True
        return flags
