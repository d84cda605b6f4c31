"""Relations that say the same, and so are held out the same way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pandas as pd

from kg.errors import HoldoutError
from kg.schema import Schema

Side = Literal["head", "tail"]


class Families:
    """Relations that say the same, each turned this way or that: declared inverses, and `twins`."""

    def __init__(self, schema: Schema, twins: pd.DataFrame | None) -> None:
        self._schema = schema
        self._links: dict[str, list[tuple[str, bool]]] = {name: [] for name in schema.relations}
        pairs = [(r.name, r.inverse, True) for r in schema.relations.values() if r.inverse]
        pairs += [(r.name, r.name, True) for r in schema.relations.values() if r.symmetric]
        if twins is not None:
            pairs += [
                (a, b, k != "duplicate")
                for a, b, k in zip(*(twins[c] for c in ("relation", "other", "kind")), strict=True)
            ]
        for a, b, turned in pairs:
            self._links[schema.relation(a).name].append((b, turned))
            self._links[schema.relation(b).name].append((a, turned))
        #: The number of each relation's family.
        self.of: dict[str, int] = {}
        for number, name in enumerate(schema.relations):
            if name not in self.of:
                self.of |= dict.fromkeys(self._kin(name), number)

    def _kin(self, name: str) -> dict[str, set[bool]]:
        """The relations that say the same as one, and whether turned round; both where it can't be told."""
        kin: dict[str, set[bool]] = {name: {False}}
        queue = [(name, False)]
        while queue:
            at, turned = queue.pop()
            for other, turn in self._links[at]:
                if turned ^ turn not in kin.setdefault(other, set()):
                    kin[other].add(turned ^ turn)
                    queue.append((other, turned ^ turn))
        return kin

    def shares(self, share: float | Mapping[str, float], valid: float) -> dict[str, float]:
        """The share of each relation: the largest in its family. Raises :class:`kg.errors.HoldoutError`."""
        given = share if isinstance(share, Mapping) else dict.fromkeys(self._schema.relations, share)
        largest: dict[int, float] = {}
        for name, value in given.items():
            family = self.of[self._schema.relation(name).name]
            if min(value, valid) < 0 or not value + valid <= 1:
                raise HoldoutError(
                    "Shares are from 0 to 1, and so is their sum; "
                    f"{name} has {value} for testing and {valid} for validation."
                )
            largest[family] = max(value, largest.get(family, 0.0))
        return {name: largest.get(self.of[name], 0.0) for name in self._schema.relations}

    def groups(self, group: Mapping[str, Side]) -> dict[str, Side]:
        """The side by which each relation is grouped, its family like it. Raises :class:`kg.errors.HoldoutError`."""
        sides: dict[str, Side] = {}
        for name, side in group.items():
            for other, turns in self._kin(self._schema.relation(name).name).items():
                here: set[Side] = {side if not turned else "tail" if side == "head" else "head" for turned in turns}
                here |= {sides[other]} if other in sides else set()
                if len(here) > 1:
                    raise HoldoutError(
                        f"{name} can't be held out by its {side}: {other} says the same, "
                        "and either of its sides may be that one. Leave the grouping out, or one of the relations."
                    )
                sides[other] = here.pop()
        return sides
