"""What if: the audience to expect of a title with other tags, or launched in another month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from queries.asked import Asked
from queries.described import Described
from queries.drafts import Draft, Drafts
from queries.entities import Entities
from queries.errors import BadQuestion
from queries.forecast import Forecasts
from queries.launches import day
from queries.said import pairs
from queries.seasons import Seasons
from queries.vectors import Vectors

#: What is foreseen, as it is and as it would be.
_FIGURES = ["rank", "probability", "expected", "low", "high", "overall"]
_COLUMNS = ["title_id", "title", "country", "unit", *[name + side for name in _FIGURES for side in ("", "_if")]]
_COLUMNS += ["change", "season", "comparables", "comparable_ids", "simulated"]
_SIZES = ["expected", "low", "high", "overall"]


class WhatIf:
    """Answers :meth:`queries.space.TitleSpace.what_if`."""

    def __init__(self, entities: Entities, vectors: Vectors, drafts: Drafts, forecasts: Forecasts) -> None:
        self._entities, self._vectors, self._drafts, self._forecasts = entities, vectors, drafts, forecasts

    def __call__(
        self, asked: Asked, countries: Sequence[str] | None, more: object, less: object, launch: object, k: int
    ) -> pd.DataFrame:
        """One row a title, unit and country, the country that would be likeliest first."""
        if more is None and less is None and launch is None:
            raise BadQuestion("Nothing is to be different: give tags as `more` or `less`, or another `launch`.")
        other = None if launch is None else day(launch, "launch").astype(object)
        parts, notes = [], []
        for number in range(len(asked)):
            frame, said = self._one(asked, number, countries, more, less, other, k)
            parts.append(frame)
            notes += said
        result = pd.concat(parts, ignore_index=True)
        if result["simulated"].any():
            notes.append("Some of these audiences are simulated: nobody watched.")
        result.attrs["note"] = " ".join(dict.fromkeys(notes))
        return result

    def _one(
        self,
        asked: Asked,
        number: int,
        countries: Sequence[str] | None,
        more: object,
        less: object,
        launch: date | None,
        k: int,
    ) -> tuple[pd.DataFrame, list[str]]:
        node, label, known = asked.nodes[number], asked.labels[number], None
        if isinstance(node, Draft):
            before = node.described
        elif isinstance(node, int):
            known = node
            before = self._drafts.describe.known(node, self._forecasts.first_day(node))
        else:
            raise BadQuestion(f"What {label} was made from is not known, so nothing of it can be changed.")
        after = replace(before, facts=list(before.facts), words=list(before.words), rows=list(before.rows), notes=[])
        taken = self._take(after, less, label)
        if more is not None:
            self._drafts.describe.tag(after, more)
            after.facts = list(dict.fromkeys(after.facts))
        if launch is not None:
            after.launch, after.year = launch, launch.year
        was, would = self._drafts.made([replace(before, notes=[]), after])
        pair = {0: replace(was, id="was"), 1: replace(would, id="would")}
        drafts = Asked(self._entities, self._vectors, np.array([-1, -1]), pair)
        both = self._forecasts(drafts, countries, k, None, without=known)
        frame = self._joined(both, before.launch, after.launch)
        frame.insert(0, "title", pd.Series([label] * len(frame), dtype="str"))
        frame.insert(0, "title_id", pd.Series([asked.ids[number]] * len(frame), dtype="str"))
        new = would.tags.iloc[len(before.rows) :] if more is not None else would.tags.iloc[:0]
        return frame[_COLUMNS], [*taken, *_reported(new), *would.notes, *self._seasonal(after.launch, launch)]

    def _take(self, draft: Described, less: object, label: str) -> list[str]:
        """Take tags away; what was taken, in words."""
        said = []
        for relation, name in pairs(() if less is None else less, "less"):
            gone = set(self._drafts.describe.called(draft, relation, name))
            words = {pair for pair in draft.words if pair[1].casefold() == name.casefold()}
            if not gone and not words:
                has = self._entities.labels([entity for _, entity in draft.facts])
                near = get_close_matches(name, has, n=3, cutoff=0.5)
                hint = f" Nearest of what it has: {', '.join(near)}." if near else ""
                raise BadQuestion(f"{label} has no {name!r} that could be taken away.{hint}")
            draft.facts = [fact for fact in draft.facts if fact not in gone]
            draft.words = [pair for pair in draft.words if pair not in words]
            if draft.summary:
                said = ["The summary is as it was."]
        return said

    def _joined(self, both: pd.DataFrame, before: date | None, after: date | None) -> pd.DataFrame:
        """What is foreseen beside what would be, with what the month of launch adds."""
        keys = ["unit", "country"]
        was, would = (both[both["title_id"] == name].set_index(keys) for name in ("was", "would"))
        frame = would[_FIGURES].add_suffix("_if").join(was[_FIGURES])
        frame = frame.join(would[["comparables", "comparable_ids", "simulated"]]).reset_index()
        steps = [
            self._step(unit, country, before, after)
            for unit, country in zip(frame["unit"], frame["country"], strict=True)
        ]
        frame["season"] = np.exp(np.array(steps, dtype=float))
        for name in _SIZES:
            frame[f"{name}_if"] = np.maximum((1 + frame[f"{name}_if"]) * frame["season"] - 1, 0)
        frame["change"] = frame["overall_if"] - frame["overall"]
        return frame.sort_values(["unit", "rank_if"], kind="stable", ignore_index=True)

    def _step(self, unit: str, country: str, before: date | None, after: date | None) -> float:
        """Difference in log size between two months of launch; an unknown one is the mean of all."""
        seasons, codes = self._seasons[unit]
        at = codes.index(country)
        return float(sum(sign * seasons.effect[day.month - 1, at] for sign, day in ((-1, before), (1, after)) if day))

    def _seasonal(self, launch: date | None, asked: date | None) -> list[str]:
        if asked is None or launch is None:
            return []
        return [f"{seasons.words(launch.month)[:-1]} ({unit})." for unit, (seasons, _) in self._seasons.items()]

    @cached_property
    def _seasons(self) -> dict[str, tuple[Seasons, list[str]]]:
        units = self._forecasts.model.units
        return {name: (Seasons.of(unit.model), list(unit.model.countries)) for name, unit in units.items()}


def _reported(tags: pd.DataFrame) -> list[str]:
    """What tags were taken for, where that was not plain."""
    said: list[Any] = tags.to_dict("records")
    unknown = [f"{row['given']!r} is no tag that titles have." for row in said if pd.isna(row["taken_as"])]
    near = [row for row in said if not pd.isna(row["taken_as"]) and row["similarity"] < 1]
    return unknown + [f"{row['given']!r} was taken for {row['taken_as']} ({row['similarity']:.2f})." for row in near]
