"""The gate: whether a new release may take the place of the promoted one, from what their manifests say."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from embeddings.errors import UnknownSetting


@dataclass(frozen=True, kw_only=True, slots=True)
class GateSettings:
    """How much worse a release may be than the promoted one.

    Attributes:
        mrr_fall: share by which the MRR of link prediction may fall; a fall within its confidence interval is none.
        usefulness_fall: the same of each figure of the usefulness report.
        titles_fall: share by which the number of titles, and of those with a vector in each view, may fall.
        kept_of_ten: how many of the ten nearest titles of an unchanged title must stay in the fused view, on average.

    Raises:
        UnknownSetting: a number is out of its range.
    """

    mrr_fall: float = 0.03
    usefulness_fall: float = 0.05
    titles_fall: float = 0.05
    kept_of_ten: float = 7.0

    def __post_init__(self) -> None:
        for name, most in (("mrr_fall", 1), ("usefulness_fall", 1), ("titles_fall", 1), ("kept_of_ten", 10)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
                raise UnknownSetting(f"workspace.toml, [gate]: {name} is {value!r}, but must lie in 0 … {most}.")

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> GateSettings:
        """The settings in ``workspace.toml``'s [gate]. Raises :class:`UnknownSetting`."""
        known = [field.name for field in dataclasses.fields(cls)]
        if unknown := sorted(set(values) - set(known)):
            raise UnknownSetting(
                f"workspace.toml, [gate]: nothing is called {unknown[0]!r}; there are {', '.join(known)}."
            )
        return cls(**values)


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One figure against what the promoted release allows.

    Attributes:
        figure: what is measured, in words.
        before: what the promoted release has; NaN where it has none.
        after: what the candidate has; NaN where it has none, or no number.
        allowed: the worst that passes.
        note: why it is allowed that far.
    """

    figure: str
    before: float
    after: float
    allowed: float
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether the candidate is good enough; what is no number never is."""
        return self.after >= self.allowed

    def __str__(self) -> str:
        if math.isnan(self.after):
            return f"{self.figure} was {_number(self.before)} and is no longer measured"
        if math.isnan(self.before):
            return f"{self.figure} is {_number(self.after)} ({_number(self.allowed)} allowed{self.note})"
        limit = f"{_number(self.allowed)} is allowed{self.note}"
        if self.after == self.before:
            return f"{self.figure} stayed at {_number(self.after)}; {limit}"
        verb = "fell" if self.after < self.before else "rose"
        change = f" ({(self.after - self.before) / abs(self.before):+.1%})" if self.before else ""
        return f"{self.figure} {verb} from {_number(self.before)} to {_number(self.after)}{change}; {limit}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Whether a release may be promoted: every figure that was compared.

    Attributes:
        candidate, promoted: the releases' ids; promoted is None where there was nothing to compare with.
        checks: every comparison, in the order of the settings.
    """

    candidate: str
    promoted: str | None
    checks: tuple[Check, ...]

    @property
    def failures(self) -> tuple[Check, ...]:
        """The comparisons that the candidate failed."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def passed(self) -> bool:
        """Whether it may be promoted."""
        return not self.failures

    def __str__(self) -> str:
        if self.passed:
            against = "nothing to compare it with" if self.promoted is None else f"no worse than {self.promoted}"
            return f"Release {self.candidate} passes: {against}."
        return f"Release {self.candidate} is refused: {'; '.join(map(str, self.failures))}."

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "candidate": self.candidate,
            "promoted": self.promoted,
            "passed": self.passed,
            "checks": [
                dataclasses.asdict(check) | {"passed": check.passed, "text": str(check)} for check in self.checks
            ],
        }


def judge(
    candidate: Mapping[str, Any], promoted: Mapping[str, Any] | None, settings: GateSettings | None = None
) -> Verdict:
    """Compare two releases by their manifests.

    Without a promoted release only what is no number at all is refused. Figures that one of the two does not have at
    all, because it was made before they existed, are not compared.
    """
    settings = settings or GateSettings()
    checks = tuple(_checks(candidate, promoted, settings))
    return Verdict(candidate=candidate["id"], promoted=None if promoted is None else promoted["id"], checks=checks)


def _checks(new: Mapping[str, Any], old: Mapping[str, Any] | None, settings: GateSettings) -> Iterator[Check]:
    mrr = _float(new["metrics"]["link_prediction"].get("mrr"))
    if old is None:
        yield Check(figure="MRR of link prediction", before=math.nan, after=mrr, allowed=0.0)
        return
    figures = old["metrics"]["link_prediction"]
    yield _figure("MRR of link prediction", _float(figures.get("mrr")), mrr, figures.get("interval"), settings.mrr_fall)
    before, after = (_usefulness(manifest) for manifest in (old, new))
    if after:
        for name, known in before.items():
            if math.isnan(_float(known.get("mean"))):
                continue
            value, interval = _float(after.get(name, {}).get("mean")), (known.get("low"), known.get("high"))
            yield _figure(name, _float(known.get("mean")), value, interval, settings.usefulness_fall)
    yield _figure("number of titles", old["num_titles"], new["num_titles"], None, settings.titles_fall)
    for name, about in old["views"].items():
        titles = new["views"].get(name, {}).get("titles", math.nan)
        yield _figure(f"titles in the {name} view", about["titles"], titles, None, settings.titles_fall)
    drift = new["metrics"].get("drift", {})
    kept = drift.get("views", {}).get("fused", {}).get("unchanged", {}).get("kept_of_ten")
    if kept is not None and drift.get("before") == old["id"]:
        yield Check(
            figure="nearest titles kept, of ten",
            before=math.nan,
            after=_float(kept["mean"]),
            allowed=settings.kept_of_ten,
            note=f" at least, over {kept['compared']:,} unchanged titles",
        )


def _figure(name: str, before: float, after: float, interval: object, share: float) -> Check:
    """A figure that may get worse by a share of itself, and within its confidence interval in any case."""
    allowed, note = before * (1 - share), f": {share:.0%} worse"
    if isinstance(interval, list | tuple) and len(interval) == 2 and _float(interval[0]) < allowed:
        allowed, note = _float(interval[0]), ": the end of its confidence interval"
    return Check(figure=name, before=before, after=after, allowed=allowed, note=note)


def _usefulness(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What the fused view is good for, by name: mean, low and high. Simulated viewers have no say."""
    found = manifest["metrics"].get("usefulness") or {}
    figures = {}
    for where, methods in ({} if found.get("simulated") else found.get("watched_too") or {}).items():
        figures[f"who watches it too ({where}, NDCG)"] = methods["fused"]["ndcg"]
    for what, methods in (found.get("adaptations") or {}).items():
        figures[f"adaptations of one book ({what}, MRR)"] = methods["fused"]["mrr"]
    return figures


def _float(value: object) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4g}"
