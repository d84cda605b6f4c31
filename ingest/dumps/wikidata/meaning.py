"""What Wikidata's properties and classes mean here, as ``wikidata.dump.toml`` says it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ingest.dumps.keep import settings
from ingest.errors import BadMapping

SETTINGS = "wikidata.dump.toml"
INSTANCE_OF = "P31"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """A property whose values of a `form` are identifiers here, by the template `id`."""

    property: str
    form: str
    id: str
    several: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A property that is a relation here, to values of a `type`, perhaps `named` like a genre, country or language."""

    relation: str
    type: str
    named: str | None = None


@dataclass(frozen=True)
class Meaning:
    """The table of classes and properties; `classes` maps a class to a type, types in the order of the file."""

    only_listed: bool
    through: tuple[str, ...]
    types: tuple[str, ...]
    classes: Mapping[str, str]
    identifiers: tuple[Identifier, ...]
    relations: Mapping[str, Statement]
    attributes: Mapping[str, str]

    @classmethod
    def read(cls, given: Sequence[Path] = ()) -> Meaning:
        """The table among the files `given`, or the one in the package. Raises :class:`ingest.errors.BadMapping`."""
        values = settings(given, __package__, SETTINGS)
        try:
            return cls._of(values)
        except (TypeError, AttributeError, re.error) as error:
            path = next((p for p in given if p.name == SETTINGS), Path(SETTINGS))
            raise BadMapping(path, f"an entry is not like those of the file in the package: {error}") from error

    @classmethod
    def _of(cls, values: dict[str, Any]) -> Meaning:
        identifiers = tuple(Identifier(**entry) for entry in values["identifiers"])
        for identifier in identifiers:
            re.compile(identifier.form)
        return cls(
            only_listed=values["only_listed"],
            through=tuple(values["through"]),
            types=tuple(values["classes"]),
            classes={c: type for type, some in values["classes"].items() for c in some},
            identifiers=identifiers,
            relations={p: Statement(**entry) for p, entry in values["relations"].items()},
            attributes=values["attributes"],
        )

    @cached_property
    def properties(self) -> tuple[str, ...]:
        """Every property that is read."""
        named = [i.property for i in self.identifiers]
        return tuple(dict.fromkeys([INSTANCE_OF, *named, *self.through, *self.relations, *self.attributes]))
