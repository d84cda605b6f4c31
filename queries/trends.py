"""What grows and what fades: the share of the audience that goes to titles with a tag, over time.

A chart shows a few titles for weeks on end, so weeks are not independent of each other, and titles are: the errors of
slopes and differences are those of titles drawn at random (linearised ratios, clustered by title; Binder, 1983). Of
hundreds of tags some grow by chance: estimates are shrunk towards "no change" by as much as their spread is no larger
than chance would make it (empirical Bayes; Efron and Morris, 1975).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from embeddings.release import Release
from queries.countries import Countries
from queries.entities import Entities, Flags, Positions
from queries.errors import BadFilter, BadQuestion, EmptyQuestion, NoAudience, NotInRelease
from queries.facts import Facts
from queries.filters import Filters

Doubles = npt.NDArray[np.float64]

_PERIODS = "trends/periods.parquet"
_COLUMNS = ["trend", "what", "id", "relation", "country", "unit", "titles", "share", "before", "last", "change"]
_COLUMNS += ["growth", "low", "high", "behind", "behind_ids", "simulated"]
_BEHIND = 5
_INTERVAL = 1.645  # standard errors either side that hold 90 %
_STEPS = {"month": "M", "quarter": "Q", "year": "Y"}
#: Relations whose tails are tags: those of taste, not those that say how a title was made.
_TAGS = ("storyline", "mood", "user_tag", "main_subject")
_GENRES = ("has_genre", "micro_genre")


@dataclass(frozen=True, eq=False)
class _Groups:
    """Things that titles have, m pairs.

    Attributes:
        titles, groups: [m] which title has which of the g groups.
        ids, labels, relations: of the groups, [g]; groups of one relation stand together.
        described: which titles have any of a relation, by relation; what nobody described can't show a trend.
    """

    titles: Positions
    groups: Positions
    ids: list[str]
    labels: list[str]
    relations: list[str]
    described: Mapping[str, Flags]


class Trends:
    """Answers :meth:`queries.space.TitleSpace.trends`."""

    def __init__(
        self, release: Release, entities: Entities, facts: Facts, filters: Filters, countries: Countries
    ) -> None:
        self._release, self._entities, self._facts = release, entities, facts
        self._filters, self._countries = filters, countries
        self._kept: dict[str, _Groups] = {}

    def __call__(
        self,
        country: object,
        by: object,
        k: int,
        where: Mapping[str, Any] | None,
        step: object,
        min_titles: int,
        sure: bool,
    ) -> pd.DataFrame:
        """See :meth:`queries.space.TitleSpace.trends`."""
        if _PERIODS not in self._release.manifest["files"]:
            raise NotInRelease(self._release.id, "audiences over time")
        if not isinstance(step, str) or step not in _STEPS:
            raise BadQuestion(f"period is {step!r}, but must be {', '.join(_STEPS)}.")
        if isinstance(country, list | tuple | set | frozenset | pd.Series | pd.Index | np.ndarray):
            return self._each(list(country), by, k, where, step, min_titles, sure)
        groups = self._groups(by if isinstance(by, str) else repr(by))
        table = self._release.table(_PERIODS)
        code = None
        if country is not None:
            code = self._countries.code(country)
            known = sorted(pc.unique(table["country"]).to_pylist())
            if code not in known:
                raise NoAudience(code, known)
            table = table.filter(pc.equal(table["country"], code))
        allowed = self._filters(where)
        parts = []
        for unit in sorted(pc.unique(table["unit"]).to_pylist()):
            part = table.filter(pc.equal(table["unit"], unit)).select(["title", "start", "size", "simulated"])
            part = part.filter(pa.array(allowed[part["title"].to_numpy()]))
            if len(part):
                found = self._unit(part, groups, _STEPS[step], min_titles)
                parts.append(
                    found.assign(country=code or "all", unit=unit, simulated=pc.any(part["simulated"]).as_py())
                )
        every = pd.concat([pd.DataFrame(columns=_COLUMNS), *parts]) if not parts else pd.concat(parts)
        every = every.reindex(columns=_COLUMNS)
        if sure:
            every = every[every["trend"] != "steady"]
        # The surest first: how far the end of the interval that is nearer to none is away from it.
        up, down = every[every["growth"] > 0], every[every["growth"] < 0]
        sides = [up.sort_values("low", ascending=False).head(k), down.sort_values("high").head(k)]
        result = pd.concat(sides, ignore_index=True)
        if result.empty:
            result.attrs["note"] = "Nothing grows or fades by more than chance would explain."
        elif result["simulated"].any():
            result.attrs["note"] = "Some of these audiences are simulated: nobody watched."
        return result

    def _each(self, countries: list[object], *asked: Any) -> pd.DataFrame:
        if not countries:
            raise EmptyQuestion("No country is given: the list is empty.")
        parts = [self(country, *asked) for country in countries]
        result = pd.concat(parts, ignore_index=True)
        if notes := dict.fromkeys(part.attrs["note"] for part in parts if "note" in part.attrs):
            result.attrs["note"] = " ".join(notes)
        return result

    # -- what titles have

    def _groups(self, by: str) -> _Groups:
        if by not in self._kept:
            self._kept[by] = self._grouped(by)
        return self._kept[by]

    def _grouped(self, by: str) -> _Groups:
        names: tuple[str, ...] = {"tags": _TAGS, "genre": _GENRES}.get(by, (by,))
        if by == "cluster":
            return self._clusters()
        known = [(name, number) for name in names for number in self._facts.numbers(name)]
        if not known:
            raise BadFilter(f"by is {by!r}, but must be tags, genre, cluster or a relation such as mood.")
        heads = np.repeat(np.arange(self._entities.num_titles), self._counts())
        relations = np.asarray(self._release.array("facts/out.relation.npy"))[: len(heads)]
        tails = np.asarray(self._release.array("facts/out.entity.npy"))[: len(heads)].astype(np.int64)
        titles, keys, described = [], [], {}
        for name, number in known:
            at = relations == number
            titles.append(heads[at])
            keys.append(np.int64(number) << 32 | tails[at])
            flags = np.zeros(self._entities.num_titles, dtype=bool)
            flags[heads[at]] = True
            described[name] = flags
        unique, groups = np.unique(np.concatenate(keys), return_inverse=True)
        entities = unique & 0xFFFFFFFF
        by_number = {number: name for name, number in known}
        return _Groups(
            titles=np.concatenate(titles),
            groups=groups,
            ids=self._entities.ids(entities),
            labels=self._entities.labels(entities),
            relations=[by_number[number] for number in (unique >> 32).tolist()],
            described=described,
        )

    def _counts(self) -> Positions:
        return np.diff(np.asarray(self._release.array("facts/out.offsets.npy"))[: self._entities.num_titles + 1])

    def _clusters(self) -> _Groups:
        """The clusters of the map of titles that the release holds: of the theme view, or else of any."""
        from embeddings.maps.stored import held, read

        views = [name.removesuffix("-title") for name in held(self._release) if name.endswith("-title")]
        drawn = read(self._release, "theme" if "theme" in views else views[0], "title") if views else None
        if drawn is None:
            raise NotInRelease(self._release.id, "clusters of titles")
        inside = drawn.clusters >= 0
        described = np.zeros(self._entities.num_titles, dtype=bool)
        described[drawn.entities[inside]] = True
        labels = {int(row["cluster"]): str(row["label"]) for row in drawn.about}
        count = int(drawn.clusters.max(initial=-1)) + 1
        return _Groups(
            titles=drawn.entities[inside],
            groups=drawn.clusters[inside],
            ids=[f"cluster:{drawn.view}/{number}" for number in range(count)],
            labels=[labels.get(number, str(number)) for number in range(count)],
            relations=["cluster"] * count,
            described={"cluster": described},
        )

    # -- what became of them

    def _unit(self, table: pa.Table, groups: _Groups, step: str, min_titles: int) -> pd.DataFrame:
        """All groups of one unit that enough titles support, with the trend of each."""
        when = table["start"].to_numpy().astype("datetime64[D]")
        steps, at = _numbered(when, step)
        titles, rows = np.unique(table["title"].to_numpy().astype(np.int64), return_inverse=True)
        values = table["size"].to_numpy().astype(float)
        sizes = _table(rows, at, values, (len(titles), len(steps)))
        quarters, quarter = _numbered(when, "Q" if step != "Y" else "Y")
        last = quarters[quarter] - quarters[-1] + 1  # 1 in the last quarter, 0 in the one before it
        halves = _table(rows[last >= 0], last[last >= 0], values[last >= 0], (len(titles), 2))

        found = []
        for relation, described in groups.described.items():
            own = described[titles]
            if not own.any():
                continue
            index = np.cumsum(own) - 1
            place = np.full(self._entities.num_titles, -1)
            place[titles[own]] = index[own]
            named = np.array([name == relation for name in groups.relations])
            pairs = named[groups.groups] & (place[groups.titles] >= 0)
            members, which = place[groups.titles[pairs]], groups.groups[pairs]
            found.append(self._relation(sizes[own], steps, halves[own], titles[own], members, which, min_titles))
        result = pd.concat(found, ignore_index=True) if found else pd.DataFrame()
        if result.empty:
            return result
        result["what"] = [groups.labels[i] for i in result["group"]]
        result["id"] = [groups.ids[i] for i in result["group"]]
        result["relation"] = [groups.relations[i] for i in result["group"]]
        return result

    def _relation(
        self,
        sizes: Doubles,
        steps: Positions,
        halves: Doubles,
        titles: Positions,
        members: Positions,
        which: Positions,
        min_titles: int,
    ) -> pd.DataFrame:
        """Groups of one relation; `members` numbers rows of `sizes` [n, steps] that are of the group `which`."""
        numbers, of = np.unique(which, return_inverse=True)
        support = np.bincount(of, minlength=len(numbers))
        kept = np.flatnonzero(support >= min_titles)
        total = sizes.sum(axis=0)
        if not len(kept) or (total > 0).sum() < 3:
            return pd.DataFrame()
        used = total > 0
        centred = steps[used] - np.average(steps[used], weights=total[used])
        weights = np.zeros(len(steps))
        weights[used] = centred * total[used] / (centred**2 * total[used]).sum()  # of a weighted straight line
        parts = 1 / np.bincount(members, minlength=len(sizes))[members]  # a title's audience is divided among its tags
        slope = contrast(sizes, weights, members, of, parts, len(numbers))
        level = contrast(sizes, total / total.sum(), members, of, parts, len(numbers)).value
        pooled = halves.sum(axis=0)
        before = after = np.full(len(numbers), np.nan)
        if (pooled > 0).all():
            before, after = (
                np.bincount(of, weights=parts * halves[members, side], minlength=len(numbers)) / pooled[side]
                for side in (0, 1)
            )
        rows = pd.DataFrame(
            {
                "group": numbers[kept],
                "titles": support[kept],
                "share": level[kept],
                "before": before[kept],
                "last": after[kept],
            }
        )
        rows["change"] = rows["last"] - rows["before"]
        # As a share of the mean, so that what is rare and what is common are drawn to the same centre.
        mean = np.maximum(level[kept], 1e-9)
        estimate, error = shrunk(slope.value[kept] / mean, slope.error[kept] / mean)
        rows["growth"] = estimate
        rows["low"], rows["high"] = estimate - _INTERVAL * error, estimate + _INTERVAL * error
        rows["trend"] = np.where(rows["low"] > 0, "grows", np.where(rows["high"] < 0, "fades", "steady"))
        moved = sizes @ weights
        signs = np.sign(estimate)
        behind = [self._behind(titles, members[of == g], moved, s) for g, s in zip(kept, signs, strict=True)]
        rows["behind"] = [self._entities.labels(found) for found in behind]
        rows["behind_ids"] = [self._entities.ids(found) for found in behind]
        return rows

    @staticmethod
    def _behind(titles: Positions, members: Positions, moved: Doubles, sign: float) -> Positions:
        """The titles of a group that moved its share most in the direction in which it went."""
        worth = moved[members] * (sign or 1.0)
        order = np.argsort(-worth, kind="stable")[:_BEHIND]
        return titles[members[order[worth[order] > 0]]]


@dataclass(frozen=True, eq=False)
class Contrast:
    """Of g groups, Σₜ wₜ · (share of the group at t), and its standard error; [g] both."""

    value: Doubles
    error: Doubles


def contrast(
    sizes: Doubles, weights: Doubles, members: Positions, of: Positions, parts: Doubles, count: int
) -> Contrast:
    """A weighted sum of the shares of groups over time, titles being what is drawn at random.

    With sizes x [n, t], totals Xₜ and shares pₜ, title i moves the sum by uᵢ = Σₜ wₜ (aᵢ − pₜ) xᵢₜ / Xₜ, where aᵢ is
    the part of the title that is in the group. The variance is n/(n − 1) · Σ uᵢ².

    Args:
        sizes: [n, t], at least 0.
        weights: [t]; 0 where no size is known.
        members, of: [m] pairs of a title (number among the n) and its group (number among the `count`).
        parts: which part of the title that is, [m].
        count: how many groups.
    """
    total = sizes.sum(axis=0)
    scaled = np.divide(sizes, total, out=np.zeros_like(sizes), where=total > 0)  # [n, t]
    weighted = scaled * weights
    own = parts[:, None] * scaled[members]
    shares = np.stack([np.bincount(of, weights=column, minlength=count) for column in own.T], axis=1)  # [g, t]
    inside = weighted.sum(axis=1)  # what a title adds if all of it is in the group, [n]
    every = weighted.T @ weighted  # [t, t]
    outside = np.einsum("gt,tu,gu->g", shares, every, shares)
    cross = np.einsum("mt,mt->m", weighted[members], shares[of])
    adds = parts * inside[members]
    squares = outside + np.bincount(of, weights=adds**2 - 2 * adds * cross, minlength=count)
    correction = len(sizes) / max(len(sizes) - 1, 1)
    return Contrast(shares @ weights, np.sqrt(np.maximum(squares * correction, 0)))


def shrunk(values: Doubles, errors: Doubles) -> tuple[Doubles, Doubles]:
    """Values [n] drawn to 0, and what is left of their errors: posterior mean and deviation under N(0, τ²).

    τ² is what the spread of the values has above their errors (DerSimonian and Laird, 1986), and no less than what it
    is known to: where nothing seems to change, little is left of the values, but it is not sure that nothing does.
    """
    usable = np.isfinite(values) & (errors > 0)
    if not usable.any():
        return np.zeros_like(values), np.zeros_like(values)
    precision = 1 / np.maximum(errors[usable], 1e-12) ** 2
    # Weighted by precision, so that the tags of which little is known don't decide.
    tau = float((precision * (values[usable] ** 2 - errors[usable] ** 2)).sum() / precision.sum())
    tau = max(tau, float(np.sqrt(2 * usable.sum()) / precision.sum()))
    share = np.divide(tau, tau + errors**2, out=np.zeros_like(values), where=tau + errors**2 > 0)
    share[~usable] = 0
    return values * share, np.sqrt(share) * errors


def _table(rows: Positions, columns: Positions, values: Doubles, shape: tuple[int, int]) -> Doubles:
    """Values [n] added up in a table."""
    flat = np.bincount(rows * shape[1] + columns, weights=values, minlength=shape[0] * shape[1])
    return flat.reshape(shape).astype(float)


def _numbered(when: npt.NDArray[np.datetime64], step: str) -> tuple[Positions, Positions]:
    """Months, quarters or years as whole numbers in their order: those there are, and which each day is in."""
    if step == "Q":
        numbers = when.astype("datetime64[M]").astype(np.int64) // 3
    else:
        numbers = when.astype(f"datetime64[{step}]").astype(np.int64)
    return np.unique(numbers, return_inverse=True)
