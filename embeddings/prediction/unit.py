"""The model of audiences measured in one unit: learnt, asked, and as arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from embeddings.prediction.blocks import BagBlock, Blocks, Doubles, VectorBlock
from embeddings.prediction.comparables import Dates, nearest
from embeddings.prediction.gaussian import mixed
from embeddings.prediction.inputs import TitleInputs
from embeddings.prediction.intervals import Intervals
from embeddings.prediction.network import Networks
from embeddings.prediction.pairs import Countries, Linear, features, least_squares, logistic, probability
from embeddings.prediction.profiles import GROUPS, Profiles, axes_of, grams_of
from embeddings.prediction.trees import Forests
from embeddings.views import IntArray

_LINES, _HIDDEN, _TREES = "one line and two parts", "one hidden layer", "boosted trees"
#: Ways to foresee a size with absence as zero: the profile alone (kernel ridge regression), a line through all features
#: of a pair, presence times size where present (both of them lines through all features), the mean of the latter two,
#: the published predictor, gradient-boosted trees, and the mean of each of these two and of both lines.
WAYS = (
    "likeness",
    "one line",
    "two parts",
    _LINES,
    _HIDDEN,
    f"{_LINES} and {_HIDDEN}",
    _TREES,
    f"{_LINES} and {_TREES}",
)
#: Those that learn from titles' vectors, by the way that asks for them, and the name of their arrays.
Learner = Networks | Forests
_LEARNERS: Mapping[str, tuple[str, type[Networks] | type[Forests]]] = {
    _HIDDEN: ("networks", Networks),
    _TREES: ("forests", Forests),
}
_PENALTY = 1e-3
_LATEST = 0.2  # share of the titles, those launched last, that the way is chosen by


@dataclass(frozen=True, kw_only=True, eq=False)
class Observed:
    """What n titles gathered.

    Attributes:
        values: natural logarithm of one plus the size, [n, C]; 0 where a title is absent.
        launch: first day measured, [n]; NaT where unknown.
        over: last day of the horizon that the size covers, [n]; NaT where sizes have no dates.
    """

    values: Doubles
    launch: Dates
    over: Dates

    def __getitem__(self, rows: IntArray) -> Observed:
        return Observed(values=self.values[rows], launch=self.launch[rows], over=self.over[rows])


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecast:
    """For m titles and C countries, [m, C] each, sizes as natural logarithms of one plus the size.

    Attributes:
        presence: probability of a size there, for a title that has one anywhere.
        present_size: size where there is one; low, high: the ends of its interval.
        overall: with absence as zero; countries and titles rank by it.
        weights: of comparables, [m, n].
    """

    presence: Doubles
    present_size: Doubles
    low: Doubles
    high: Doubles
    overall: Doubles
    weights: Doubles


@dataclass(frozen=True, kw_only=True, eq=False)
class UnitModel:
    """Foresees audiences in one unit from those of n learning titles.

    Attributes:
        countries: codes, [C].
        observed: what the learning titles gathered.
        blocks: in what respects titles are alike.
        size, presence: profiles of log size and of presence, foreseen by likeness.
        readings: how features of a pair are read: "presence" (log odds), "present_size" and "overall" (log sizes).
        learners: the published predictor or trees, by name, where the way asks for them.
        way: how the size with absence as zero is foreseen, one of `WAYS`.
        errors: mean squared error of each way on the titles that it was chosen by; none where it was given.
        intervals: of the size where there is one.
        k: comparables of a title.
    """

    countries: Sequence[str]
    observed: Observed
    blocks: Blocks
    size: Profiles
    presence: Profiles
    readings: Mapping[str, Linear]
    learners: Mapping[str, Learner]
    intervals: Intervals
    k: int
    way: str
    errors: Mapping[str, float]

    @classmethod
    def fit(
        cls,
        inputs: TitleInputs,
        observed: Observed,
        countries: Sequence[str],
        *,
        everything: Doubles | None = None,
        plain: bool = False,
        way: str | None = None,
        start: UnitModel | None = None,
        k: int = 10,
        coverage: float = 0.8,
        seed: int,
    ) -> UnitModel:
        """Learn from n titles.

        Args:
            inputs: what was known of them before launch.
            observed: what they gathered.
            countries: codes, [C].
            everything: profiles of these and of titles that nobody describes, [all, C], for the countries' axes.
            plain: learn each country by itself, without vectors of countries.
            way: how to foresee sizes with absence as zero; default: the best of `WAYS` on the titles launched last.
            start: the model of titles much like these, whose way and kernels' weights are kept; all else is learnt.
            k: comparables of a title.
            coverage: of the intervals.
            seed: of choices among very many titles.
        """
        values = observed.values
        everything = values if everything is None else everything
        blocks = Blocks.of(inputs)
        grams = grams_of(blocks, inputs)
        here = (values > 0).astype(np.float64)
        alone, groups = np.eye(values.shape[1]), (0,) if plain else GROUPS
        axes = [alone, alone] if plain else [axes_of(everything), axes_of((everything > 0).astype(np.float64))]
        starts = [first for first in groups if first < len(axes[0])]
        if start is not None and (start.blocks.names != blocks.names or start.size.starts.tolist() != starts):
            start = None
        kept = None if start is None else start.size.weights
        size = Profiles.fit(grams, values, axes[0], seed=seed, groups=groups, weights=kept)
        presence = Profiles.fit(grams, here, axes[1], seed=seed, groups=groups, weights=size.weights)
        likeness = _likeness(size, grams)
        np.fill_diagonal(likeness, 0)
        weights = nearest(likeness, _known(observed.over), observed.launch, k)
        x = features(size.left_out, presence.left_out, Countries.of(values), weights, values)  # [n, C, f]
        vectors = blocks.side_by_side(inputs)
        errors: Mapping[str, float] = {}
        if way is None and start is not None:
            way, errors = start.way, start.errors
        if way is None:
            order = np.argsort(observed.launch, kind="stable")  # NaT comes last
            earlier, latest = np.split(order, [len(order) - int(_LATEST * len(order))])
            early = _readings(x[earlier], values[earlier])
            told = {
                name: kind.fit(vectors[earlier], x[earlier], values[earlier], size.axes, seed=seed)(
                    vectors[latest], x[latest]
                )
                for name, (_, kind) in _LEARNERS.items()
            }
            answers = {each: _overall(early, x[latest], each, told) for each in WAYS}
            errors = {each: float(((np.maximum(a, 0) - values[latest]) ** 2).mean()) for each, a in answers.items()}
            way = min(errors, key=lambda one: errors[one])
        learners: dict[str, Learner] = {
            name: kind.fit(vectors, x, values, size.axes, seed=seed)
            for name, (_, kind) in _LEARNERS.items()
            if way.endswith(name)
        }
        readings = _readings(x, values)
        present = values > 0
        foreseen = np.maximum(readings["present_size"](x)[present], 0)
        number = np.broadcast_to(np.arange(len(countries)), present.shape)[present]
        missed = values[present] - foreseen
        intervals = Intervals.of(foreseen, missed, number, len(countries), coverage=coverage)
        return cls(
            countries=tuple(countries),
            observed=observed,
            blocks=blocks,
            size=size,
            presence=presence,
            readings=readings,
            learners=learners,
            intervals=intervals,
            k=k,
            way=way,
            errors=errors,
        )

    def predict(self, inputs: TitleInputs, before: Dates, own: IntArray | None = None) -> Forecast:
        """What m titles can expect.

        Args:
            inputs: what is known of them.
            before: the launch of each, [m]; comparables' audiences were known by then.
            own: the number of each among the learning titles, −1 where it is none, [m]. A title that was learnt from
                is answered as if it had not been.
        """
        grams = grams_of(self.blocks, inputs)
        size, presence = self.size.predict(grams), self.presence.predict(grams)
        likeness = _likeness(self.size, grams)
        if own is not None:
            learnt = np.flatnonzero(own >= 0)
            size[learnt], presence[learnt] = self.size.left_out[own[learnt]], self.presence.left_out[own[learnt]]
            likeness[learnt, own[learnt]] = 0
        values = self.observed.values
        weights = nearest(likeness, _known(self.observed.over), before, self.k)
        x = features(size, presence, Countries.of(values), weights, values)
        vectors = self.blocks.side_by_side(inputs)
        told = {name: learner(vectors, x, own) for name, learner in self.learners.items()}
        present_size = np.maximum(self.readings["present_size"](x), 0)
        low, high = self.intervals(present_size)
        return Forecast(
            presence=probability(self.readings["presence"](x)),
            present_size=present_size,
            low=np.maximum(low, 0),
            high=np.maximum(high, 0),
            overall=np.maximum(_overall(self.readings, x, self.way, told), 0),
            weights=weights,
        )

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Everything as arrays by name."""
        parts: dict[str, Mapping[str, npt.NDArray[Any]]] = {
            "observed": {
                "values": self.observed.values,
                "launch": self.observed.launch.astype("datetime64[D]").astype(np.int64),
                "over": self.observed.over.astype("datetime64[D]").astype(np.int64),
            },
            "size": self.size.arrays(),
            "presence": self.presence.arrays(),
            "intervals": self.intervals.arrays(),
            "settings": {"k": np.array([self.k])},
        }
        parts |= {f"vectors/{name}": block.arrays() for name, block in self.blocks.vectors.items()}
        parts |= {f"bags/{name}": block.arrays() for name, block in self.blocks.bags.items()}
        parts |= {_LEARNERS[name][0]: learner.arrays() for name, learner in self.learners.items()}
        for name, line in self.readings.items():
            numbers = dataclasses.asdict(line) | {"intercept": np.array([line.intercept])}
            parts[f"readings/{name}"] = numbers
        return {f"{part}/{name}": values for part, some in parts.items() for name, values in some.items()}

    @classmethod
    def from_arrays(
        cls, countries: Sequence[str], arrays: Mapping[str, npt.NDArray[Any]], way: str, errors: Mapping[str, float]
    ) -> UnitModel:
        """The model that `arrays` came from."""
        parts: dict[str, dict[str, npt.NDArray[Any]]] = {}
        for path, values in arrays.items():
            part, _, name = path.rpartition("/")
            parts.setdefault(part, {})[name] = values

        def named(folder: str) -> dict[str, dict[str, npt.NDArray[Any]]]:
            found = {name.removeprefix(folder): some for name, some in parts.items() if name.startswith(folder)}
            return dict(sorted(found.items()))

        dates = {name: parts["observed"][name].astype("datetime64[D]") for name in ("launch", "over")}
        lines = {
            name: Linear(
                intercept=float(some["intercept"][0]),
                slopes=some["slopes"],
                centre=some["centre"],
                scale=some["scale"],
            )
            for name, some in named("readings/").items()
        }
        return cls(
            countries=tuple(countries),
            observed=Observed(values=parts["observed"]["values"].astype(np.float64), **dates),
            blocks=Blocks(
                {name: VectorBlock.from_arrays(some) for name, some in named("vectors/").items()},
                {name: BagBlock.from_arrays(some) for name, some in named("bags/").items()},
            ),
            size=Profiles.from_arrays(parts["size"]),
            presence=Profiles.from_arrays(parts["presence"]),
            readings=lines,
            learners={n: kind.from_arrays(parts[file]) for n, (file, kind) in _LEARNERS.items() if file in parts},
            intervals=Intervals.from_arrays(parts["intervals"]),
            k=int(parts["settings"]["k"][0]),
            way=way,
            errors=errors,
        )


def _readings(x: Doubles, values: Doubles) -> dict[str, Linear]:
    """Lines through features [n, C, f] of pairs for log sizes [n, C]."""
    flat, target = x.reshape(-1, x.shape[-1]), values.ravel()
    present = target > 0
    return {
        "presence": logistic(flat, present, penalty=_PENALTY),
        "present_size": least_squares(flat[present], target[present], penalty=_PENALTY),
        "overall": least_squares(flat, target, penalty=_PENALTY),
    }


def _overall(readings: Mapping[str, Linear], x: Doubles, way: str, told: Mapping[str, Doubles]) -> Doubles:
    """Log sizes with absence as zero, [...], from features [..., f], of which the first is the profile, and from what
    the learners say, [...] each."""
    if way == "likeness":
        return np.asarray(x[..., 0])
    if way in told:
        return told[way]
    one = readings["overall"](x)
    two = probability(readings["presence"](x)) * np.maximum(readings["present_size"](x), 0)
    both = 0.5 * (one + two)
    found = {"one line": one, "two parts": two, _LINES: both}
    return found[way] if way in found else 0.5 * (both + np.maximum(told[way.removeprefix(f"{_LINES} and ")], 0))


def _likeness(profiles: Profiles, grams: Sequence[Doubles]) -> Doubles:
    """How alike titles are as to their audiences, [m, n]: by the kernels' weights, each group of axes counting once."""
    return mixed(grams, profiles.weights.mean(axis=0))


def _known(over: Dates) -> Dates:
    """Sizes without dates have always been known."""
    return np.where(np.isnat(over), np.datetime64("0001-01-01"), over)
