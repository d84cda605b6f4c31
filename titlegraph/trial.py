"""What a trial of a relation found, from the answers of both its arms."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from embeddings.catalogue import Catalogue
from embeddings.trials.arm import Answers
from embeddings.trials.exam import Exam
from embeddings.trials.paired import Comparison, compare, verdict

_SHOWN = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a trial found.

    Attributes:
        relation: what was tried; facts: how many of its facts were learnt from; rejected: rows that could not be used.
        verdict: "helps", "hurts" or "can't tell", and in what.
        figures: one row a figure: figure, questions, without, with, difference, low, high (95 %), verdict.
        relations: the same for link prediction of each other relation.
        cost: one row an arm: facts, seconds and memory (GB) of a training, on average.
        changed: the titles whose comparables changed most: id, label, kept (of ten, with against without), by_chance
            (of ten, one seed against another), came, left.
        protocol: how it was measured.
        seeds: of the trainings.
    """

    relation: str
    facts: int
    rejected: int
    verdict: str
    figures: pd.DataFrame
    relations: pd.DataFrame
    cost: pd.DataFrame
    changed: pd.DataFrame
    protocol: str
    seeds: tuple[int, ...]
    version: int
    made: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        about = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        return {
            k: json.loads(v.to_json(orient="records")) if isinstance(v, pd.DataFrame) else v for k, v in about.items()
        }


def judged(
    relation: str,
    facts: int,
    rejected: int,
    exam: Exam,
    with_: list[Answers],
    without: list[Answers],
    catalogue: Catalogue,
    learnt_from: tuple[int, int],
    family: frozenset[str],
    seeds: tuple[int, ...],
    version: int,
) -> Trial:
    """What the answers of both arms, one training a seed, say; `learnt_from` are their numbers of facts."""

    others = ~np.isin(exam.relations, [number for number, name in enumerate(exam.names) if name in family])

    def stack(arm: list[Answers], name: str) -> npt.NDArray[np.float64]:
        return np.stack([np.asarray(getattr(each, name), dtype=np.float64) for each in arm])

    both = np.tile(others, 2)
    facts_of = np.tile(np.arange(len(others)), 2)[both]
    simulated = {name: f"{name} (simulated)" for name in exam.simulated}
    before, after = stack(without, "reciprocal")[:, both], stack(with_, "reciprocal")[:, both]
    figures = [
        compare("link prediction of the others (MRR)", before, after, facts_of),
        compare(
            f"{simulated.get('co-viewing', 'co-viewing')} of the ten nearest",
            stack(without, "coviewing"),
            stack(with_, "coviewing"),
            np.arange(len(exam.titles)),
        ),
        compare(
            f"{simulated.get('audience', 'audience')} error (log size)",
            stack(without, "errors"),
            stack(with_, "errors"),
            exam.sizes["title"].to_numpy(np.int64),
            higher_is_better=False,
        ),
    ]
    compared = [figure for figure in figures if figure is not None]
    by_relation: list[Comparison] = []
    for number, name in enumerate(exam.names):
        at = np.tile(exam.relations[others] == number, 2)
        if at.any() and (one := compare(name, before[:, at], after[:, at], facts_of[at])) is not None:
            by_relation.append(one)
    cost = pd.DataFrame(
        [
            {
                "arm": arm,
                "facts": count,
                "seconds": round(float(np.mean([each.seconds for each in runs])), 1),
                "memory_gb": round(float(np.mean([each.peak for each in runs])) / 1e9, 2),
            }
            for arm, count, runs in (("without", learnt_from[0], without), ("with", learnt_from[1], with_))
        ]
    )
    return Trial(
        relation=relation,
        facts=facts,
        rejected=rejected,
        # What nobody watched has no say in whether something is worth having.
        verdict=verdict([figure for figure in compared if "(simulated)" not in figure.figure]),
        figures=pd.DataFrame([figure.to_dict() for figure in compared]),
        relations=pd.DataFrame([one.to_dict() for one in by_relation]),
        cost=cost,
        changed=_changed(exam, with_, without, catalogue),
        protocol=_protocol(exam, int(others.sum()), family, len(seeds)),
        seeds=seeds,
        version=version,
    )


def _changed(exam: Exam, with_: list[Answers], without: list[Answers], catalogue: Catalogue) -> pd.DataFrame:
    """The titles whose ten nearest differ most between the arms, beyond what another seed does to them."""

    def kept(a: Answers, b: Answers) -> npt.NDArray[np.int64]:
        same = (a.nearest[:, :, None] == b.nearest[:, None, :]) & (a.nearest >= 0)[:, :, None]
        return np.asarray(same.sum(axis=(1, 2)))

    between = np.mean([kept(a, b) for a in without for b in with_], axis=0)
    within = np.mean([kept(a, b) for arm in (with_, without) for i, a in enumerate(arm) for b in arm[:i]], axis=0)
    had = (without[0].nearest[:, 0] >= 0) & (with_[0].nearest[:, 0] >= 0)
    order = np.lexsort((np.arange(len(between)), between - within))
    labels, ids = catalogue.titles["label"].tolist(), catalogue.titles["id"].tolist()
    rows = []
    for i in [i for i in order.tolist() if had[i] and between[i] < within[i]][:_SHOWN]:
        old, new = (_mostly(arm, i) for arm in (without, with_))
        rows.append(
            {
                "id": ids[exam.looked_at[i]],
                "label": labels[exam.looked_at[i]],
                "kept": round(float(between[i]), 1),
                "by_chance": round(float(within[i]), 1),
                "came": [labels[t] for t in new if t not in old],
                "left": [labels[t] for t in old if t not in new],
            }
        )
    return pd.DataFrame(rows, columns=["id", "label", "kept", "by_chance", "came", "left"])


def _mostly(arm: list[Answers], i: int) -> list[int]:
    """Titles that are among the ten nearest in more than half of an arm's trainings."""
    found, counts = np.unique(np.concatenate([each.nearest[i] for each in arm]), return_counts=True)
    return [int(title) for title in found[(counts * 2 > len(arm)) & (found >= 0)]]


def _protocol(exam: Exam, questions: int, family: frozenset[str], seeds: int) -> str:
    text = (
        f"{seeds} trainings with and {seeds} without {' and '.join(sorted(family))}, same seeds, settings and held-out "
        f"facts. Link prediction: {questions:,} held-out facts of the other relations, both sides, each answer "
        f"among {len(exam.candidates):,} entities, other known answers filtered out. Co-viewing: mean similarity, in "
        "who watched them, of a title and its ten nearest by graph and theme together. Audience: mean |log size − log "
        "estimate|, the estimate being the similarity-weighted geometric mean of the ten nearest titles that launched "
        "earlier and have a size in the same country and unit. Intervals: 95 %, over questions (a fact's two sides, or "
        f"a title's, together) and over seeds. Comparables: of {len(exam.looked_at):,} titles."
    )
    if exam.simulated:
        text += f" Simulated, so nobody really watched: {', '.join(exam.simulated)}."
    return text
