"""What audience a title can expect: asked of the release's audience model, with the comparables that speak for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd

from embeddings.prediction import FOLDER, NAMES, PEOPLE, AudienceModel, TitleInputs, bag, spelling
from embeddings.prediction.unlearn import unlearnt
from embeddings.release import Release
from queries.asked import Asked
from queries.countries import Countries
from queries.entities import Entities
from queries.errors import EmptyQuestion, NoAudience, NotInRelease
from queries.facts import Facts
from queries.launches import Dates, day
from queries.nodes import Drafted

_COLUMNS = ["title_id", "title", "country", "unit", "rank", "probability", "expected", "low", "high", "overall"]
_COLUMNS += ["comparables", "comparable_ids", "simulated"]
_NEVER = np.datetime64("9999-12-31")


class Forecasts:
    """Answers :meth:`queries.space.TitleSpace.audience`."""

    def __init__(self, release: Release, entities: Entities, facts: Facts, countries: Countries) -> None:
        self._release, self._entities, self._facts, self._countries = release, entities, facts, countries

    @cached_property
    def model(self) -> AudienceModel:
        if not (self._release.path / FOLDER).is_dir():
            raise NotInRelease(self._release.id, "model of audiences")
        return self._release.model(FOLDER, AudienceModel.load)

    def __call__(
        self,
        asked: Asked,
        countries: Sequence[str] | None,
        k: int,
        before: object | None,
        *,
        without: int | None = None,
    ) -> pd.DataFrame:
        """One row for each title, unit and country, the likeliest countries of each title first.

        With `without`, by a model that knows nothing of the title at that position.
        """
        model = self.model if without is None else unlearnt(self.model, without)
        known = sorted({code for unit in model.units.values() for code in unit.model.countries})
        if not known:
            raise NotInRelease(self._release.id, "audiences to learn from")
        frame = model.predict(
            self._inputs(asked),
            self._launches(asked, None if before is None else day(before)),
            own=asked.positions,
            countries=None if countries is None else self._codes(countries, known),
            k=k,
        )
        frame = frame.sort_values(["row", "unit", "rank"], kind="stable", ignore_index=True)
        rows = frame["row"].to_numpy(np.int64)
        ids, labels = np.array(asked.ids, dtype=object), np.array(asked.labels, dtype=object)
        simulated = {name: unit.simulated for name, unit in model.units.items()}
        found = list(zip(frame["comparables"], frame["comparable_sizes"], strict=True))
        names = [
            [
                # Sizes were logarithms meanwhile, so their last digits are not what was measured.
                f"{name} ({float(f'{size:.6g}'):,.10g})"
                for name, size in zip(self._entities.labels(titles), sizes, strict=True)
            ]
            for titles, sizes in found
        ]
        result = frame.assign(
            title_id=pd.Series(ids[rows], dtype="str"),
            title=pd.Series(labels[rows], dtype="str"),
            comparables=pd.Series(names, dtype=object),
            comparable_ids=pd.Series([self._entities.ids(titles) for titles, _ in found], dtype=object),
            simulated=frame["unit"].map(simulated).astype(bool),
        )[_COLUMNS]
        if result["simulated"].any():
            result.attrs["note"] = "Some of these audiences are simulated: nobody watched."
        return result

    def _codes(self, countries: Sequence[str], known: Sequence[str]) -> list[str]:
        if not len(countries):
            raise EmptyQuestion("No country is given: the list is empty.")
        codes = list(dict.fromkeys(self._countries.code(name) for name in countries))
        for code in codes:
            if code not in known:
                raise NoAudience(code, known)
        return codes

    def _inputs(self, asked: Asked) -> TitleInputs:
        """What is known of the titles, from views and learnt facts alone."""
        names = [relation.name for relation in self._facts.relations]
        numbers = {bag: [names.index(r) for r in some if r in names] for bag, some in self.model.relations.items()}
        rows: dict[str, list[int]] = {name: [] for name in numbers}
        tails: dict[str, list[int]] = {name: [] for name in numbers}
        for row, node in enumerate(asked.nodes):
            relations, entities, learnt = self._facts.of(node)
            for name, own in numbers.items():
                found = entities[np.isin(relations, own) & learnt].tolist()
                rows[name] += [row] * len(found)
                tails[name] += found
        bags = {name: bag(np.array(rows[name], dtype=np.int64), self._entities.ids(tails[name])) for name in numbers}
        if PEOPLE in numbers:
            bags[NAMES] = spelling(np.array(rows[PEOPLE], dtype=np.int64), self._entities.labels(tails[PEOPLE]))
        kinds = [node.kind if isinstance(node, Drafted) else self._entities.kinds([node])[0] for node in asked.nodes]
        known = np.array([row for row, kind in enumerate(kinds) if kind], dtype=np.int64)
        bags["kind"] = bag(known, np.array([kinds[row] for row in known.tolist()], dtype=object))
        return TitleInputs(
            count=len(asked), vectors={view: asked.vectors(view)[0] for view in self.model.views}, bags=bags
        )

    def first_day(self, title: int) -> date | None:
        """The first day on which a title's audience was measured, if it was learnt from."""
        days = [unit.model.observed.launch[unit.titles == title] for unit in self.model.units.values()]
        known = np.concatenate(days) if days else np.array([], dtype="datetime64[D]")
        known = known[~np.isnat(known)]
        return known.min().astype(object) if len(known) else None

    def _launches(self, asked: Asked, limit: np.datetime64 | None) -> Dates:
        """By when comparables' audiences must have been known: a launch that was measured or planned, else now."""
        days = np.full(len(asked), _NEVER)
        for unit in self.model.units.values():  # what a chart saw first it saw at launch
            at = pd.Series(unit.model.observed.launch, index=unit.titles).reindex(asked.positions).to_numpy()
            days = np.fmin(days, at.astype("datetime64[D]"))
        for row, draft in asked.drafts.items():
            if draft.launch is not None:
                days[row] = np.datetime64(draft.launch.isoformat())
        return days if limit is None else np.minimum(days, limit)
