"""From scores to probabilities of missing edges, and how far they can be trusted.

The probability of a candidate is that it is *the kind of edge that was held out*: for questions that have a missing
answer, the share of candidates with such a score that were one. Scores are shares (softmax over all unknown
candidates of the right type). Of two candidates with the same share, one among the ten best of its question is more
probable than one far behind many better ones; so two monotone maps from share to probability, one for the ten best and
one for all others, are fitted on some held-out questions by isotonic regression (pool adjacent violators; Zadrozny and
Elkan, 2002) and measured on other questions.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from embeddings.graph.answers import Answers, Questions
from embeddings.graph.candidates import candidate_blocks
from embeddings.graph.errors import CalibrationError, CorruptModelError
from embeddings.graph.model import GraphModel
from embeddings.graph.triples import BoolArray, EntityTypes, FloatArray, IntArray, Triples, concatenate

FORMAT = 2
TOP = 10
APART = 300  # held-out facts among the ten best that a map of their own needs
_GRID = np.linspace(-20, 0, 1601)  # log shares, in steps of 1/80
_EDGES = np.array([0, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
LEAST = 20  # held-out facts that a fit, and a measurement, needs
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reliability:
    """Predicted against observed, by class of predicted probability: the data of a reliability plot.

    Attributes:
        edges: bounds of the k classes [k + 1].
        predicted: mean prediction [k]; observed: share that were held-out facts [k]; count: candidates [k].
        error: expected calibration error, Σ count · |observed − predicted| / Σ count.
    """

    edges: list[float]
    predicted: list[float]
    observed: list[float]
    count: list[int]
    error: float

    def to_dict(self) -> dict[str, Any]:
        """Names and numbers, ready for JSON."""
        return {name: getattr(self, name) for name in ("edges", "predicted", "observed", "count", "error")}


@dataclass(frozen=True, kw_only=True, eq=False)
class EdgeCalibration:
    """Two monotone maps from the log of a share to a probability: of a question's ten best, and of all others.

    Attributes:
        log_shares: ascending knots, float64 [k].
        top_probabilities: values there for the ten best, ascending, float64 [k]; between knots they are interpolated.
        probabilities: the same for the others, never above those for the ten best.
        reliability: measured on other questions, over all unknown candidates of the right type.
        top_reliability: the same, over the ten best candidates of each question only.
        protocol: how it was fitted and measured, in words.
    """

    log_shares: Doubles
    top_probabilities: Doubles
    probabilities: Doubles
    reliability: Reliability
    top_reliability: Reliability
    protocol: str

    def probability(self, log_shares: npt.ArrayLike, ranks: npt.ArrayLike) -> FloatArray:
        """Probabilities, float32, of candidates with these log shares, of these ranks (0 is the best); any shape."""
        shares = np.asarray(log_shares)
        top, others = (np.interp(shares, self.log_shares, p) for p in (self.top_probabilities, self.probabilities))
        return np.where(np.asarray(ranks) < TOP, top, others).astype(np.float32)

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {
            "format": FORMAT,
            "log_shares": self.log_shares.tolist(),
            "top_probabilities": self.top_probabilities.tolist(),
            "probabilities": self.probabilities.tolist(),
            "reliability": self.reliability.to_dict(),
            "top_reliability": self.top_reliability.to_dict(),
            "protocol": self.protocol,
        }

    def save(self, file: str | Path) -> None:
        """Write a JSON file."""
        Path(file).write_text(json.dumps(self.to_dict(), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, file: str | Path) -> EdgeCalibration:
        """Read what `save` wrote; `CorruptModelError` where that is not possible."""
        try:
            about = json.loads(Path(file).read_text(encoding="utf-8"))
            if about["format"] != FORMAT:
                raise CorruptModelError(f"{file} has format {about['format']}, not {FORMAT}")
            return cls(
                log_shares=np.asarray(about["log_shares"], dtype=float),
                top_probabilities=np.asarray(about["top_probabilities"], dtype=float),
                probabilities=np.asarray(about["probabilities"], dtype=float),
                reliability=Reliability(**about["reliability"]),
                top_reliability=Reliability(**about["top_reliability"]),
                protocol=about["protocol"],
            )
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise CorruptModelError(f"{file} holds no readable calibration: {error}") from error


def calibrate(
    model: GraphModel,
    fitting: Triples,
    measuring: Triples,
    known: Sequence[Triples],
    *,
    types: EntityTypes | None = None,
) -> EdgeCalibration:
    """Fit probabilities of missing edges on some held-out facts, and measure them on others.

    Args:
        model: a model that was trained on neither.
        fitting: held-out facts to fit on.
        measuring: held-out facts to measure on. Whoever asks for one of the two sorts knows the other.
        known: facts known when a question is asked; except the held-out ones asked for, they are no candidates.
        types: types of entities; default: those of `measuring`, if any.

    Raises:
        CalibrationError: too few held-out facts between trained entities.
    """
    types = measuring.types if types is None else types
    fitting, measuring = _askable(model, fitting), _askable(model, measuring)
    for what, facts in (("fit on", fitting), ("measure on", measuring)):
        if len(facts) < LEAST:
            raise CalibrationError(f"{len(facts)} held-out facts are too few to {what}; {LEAST} are needed")
    fit = _count(model, fitting, [*known, measuring], types)
    measured = _count(model, measuring, [*known, fitting], types)
    apart = bool(fit.top[1].sum() >= APART)
    top, others = fit_maps(fit.top, fit.others) if apart else fit_maps(fit.top + fit.others, fit.top + fit.others)
    bends = np.ones(len(_GRID), dtype=bool)  # of a stretch where both are flat its two ends are enough
    bends[1:-1] = np.any([(p[1:-1] != p[:-2]) | (p[1:-1] != p[2:]) for p in (top, others)], axis=0)
    by_top, by_others = (_Classes.of(*part) for part in ((top, *measured.top), (others, *measured.others)))
    return EdgeCalibration(
        log_shares=_GRID[bends],
        top_probabilities=top[bends],
        probabilities=others[bends],
        reliability=by_top.plus(by_others).reliability(),
        top_reliability=by_top.reliability(),
        protocol=(
            f"Fitted on {fit.questions:,} and measured on {measured.questions:,} other questions with a held-out "
            f"answer, against all unknown candidates of {'the right type' if types is not None else 'every type'} "
            f"({int(measured.top[0].sum() + measured.others[0].sum()):,} measured, "
            f"{int(measured.top[1].sum() + measured.others[1].sum()):,} of them held-out facts); a probability is that "
            f"of being a held-out fact, where one was held out. The {TOP} best of each question "
            f"{'have a map of their own, and ' if apart else ''}are also measured alone."
        ),
    )


@dataclass(frozen=True, slots=True)
class _Counts:
    """How many candidates, and how many held-out ones, had each share on the grid, [2, grid]; of the top, and others.

    `questions` is how many were asked.
    """

    top: Doubles
    others: Doubles
    questions: int


def _count(model: GraphModel, held_out: Triples, known: Sequence[Triples], types: EntityTypes | None) -> _Counts:
    directed = 2 * model.num_relations
    wanted = Answers.of(Questions.of(held_out), directed)
    others = concatenate([held_out[:0], *known])
    others = others[~np.isin(_codes(others, model), _codes(held_out, model))]
    given = Answers.of(Questions.of(others), directed)
    counts = np.zeros((2, 2, len(_GRID)))  # [top or not, all or held out, share]
    for block in candidate_blocks(model, wanted.codes // directed, wanted.codes % directed, given, types):
        shares = block.log_shares
        valid = shares > -np.inf
        best = _best(shares, TOP) & valid
        true = np.nonzero(_held_out(wanted, wanted.codes[block.questions], block.pool) & valid)
        steps = (shares - np.float32(_GRID[0])) * np.float32(1 / (_GRID[1] - _GRID[0]))  # [B, C]
        np.clip(np.ceil(steps, out=steps), 0, len(_GRID) - 1, out=steps)
        at = steps.astype(np.int16)

        every, top = _told(at.ravel()), _told(at[best])
        every[0] -= valid.size - np.count_nonzero(valid)  # known answers lie at the end of the grid
        counts[:, 0] += top, every - top
        for which, members in enumerate((best[true], ~best[true])):
            counts[which, 1] += _told(at[true][members])
    return _Counts(counts[0], counts[1], len(wanted.codes))


def _told(steps: npt.NDArray[np.int16]) -> Doubles:
    """How many lie on each step of the grid."""
    return np.bincount(steps, minlength=len(_GRID)).astype(np.float64)


def _codes(facts: Triples, model: GraphModel) -> IntArray:
    """One number for each fact, int64 [n]."""
    return (facts.heads * model.num_relations + facts.relations) * max(
        facts.num_entities, model.num_entities
    ) + facts.tails


def _askable(model: GraphModel, facts: Triples) -> Triples:
    """Those whose entities the model was trained on."""
    facts = facts[(facts.heads < model.num_entities) & (facts.tails < model.num_entities)]
    return facts[model.seen[facts.heads] & model.seen[facts.tails]]


def isotonic(values: Doubles, weights: Doubles) -> Doubles:
    """The non-decreasing sequence nearest to `values` [n] in weighted squares, by pooling adjacent violators.

    >>> isotonic(np.array([1.0, 3.0, 2.0]), np.ones(3)).tolist()
    [1.0, 2.5, 2.5]
    """
    means: list[float] = []
    masses: list[float] = []
    lengths: list[int] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        mean, mass, length = value, weight, 1
        while means and means[-1] >= mean:
            last = masses.pop()
            mean = (means.pop() * last + mean * mass) / (last + mass)
            mass, length = mass + last, length + lengths.pop()
        means.append(mean)
        masses.append(mass)
        lengths.append(length)
    return np.repeat(means, lengths)


def _held_out(wanted: Answers, codes: IntArray, pool: IntArray) -> BoolArray:
    """Which candidates are held-out answers, bool [B, C]."""
    rows, entities = wanted.of_rows(codes)
    columns = np.searchsorted(pool, entities)
    inside = columns < len(pool)
    inside[inside] = pool[columns[inside]] == entities[inside]
    true = np.zeros((len(codes), len(pool)), dtype=bool)
    true[rows[inside], columns[inside]] = True
    return true


def _best(scores: FloatArray, k: int) -> BoolArray:
    """The k largest of each row, bool [B, C]; more where the last place is shared."""
    if scores.shape[1] <= k:
        return np.ones(scores.shape, dtype=bool)
    return scores >= np.partition(scores, -k, axis=1)[:, -k, None]


def _fit(counts: Doubles) -> Doubles:
    """A probability for each share on the grid, ascending, from counts [2, grid]; 0 where nothing was counted."""
    total, hits = counts
    used = total > 0
    if not used.any():
        return np.zeros(len(_GRID))
    return np.interp(_GRID, _GRID[used], isotonic(hits[used] / total[used], total[used]))


def fit_maps(top: Doubles, others: Doubles) -> tuple[Doubles, Doubles]:
    """Probabilities at each share on the grid, ascending, of a question's ten best and of all others.

    Hardly any of the others has a large share, so what is counted there is noise: never is it above the ten best's.

    Args:
        top, others: how many candidates had each share, and how many of them were held out, [2, grid] each.
    """
    best = _fit(top)
    return best, np.minimum(_fit(others), best)


@dataclass(frozen=True, slots=True)
class _Classes:
    """By class of predicted probability: how many candidates, the sum of their probabilities, how many were held out.

    Each is [k].
    """

    count: Doubles
    predicted: Doubles
    observed: Doubles

    @classmethod
    def of(cls, probabilities: Doubles, total: Doubles, hits: Doubles) -> _Classes:
        """From the probabilities and the counts at each share on the grid."""
        classes = np.clip(np.searchsorted(_EDGES, probabilities, side="right") - 1, 0, len(_EDGES) - 2)
        sums = (total, total * probabilities, hits)
        return cls(*(np.bincount(classes, values, len(_EDGES) - 1).astype(float) for values in sums))

    def plus(self, other: _Classes) -> _Classes:
        return _Classes(self.count + other.count, self.predicted + other.predicted, self.observed + other.observed)

    def reliability(self) -> Reliability:
        error = float(np.abs(self.observed - self.predicted).sum() / max(self.count.sum(), 1))
        mass = np.maximum(self.count, 1)
        predicted, observed = (self.predicted / mass).tolist(), (self.observed / mass).tolist()
        return Reliability(_EDGES.tolist(), predicted, observed, self.count.astype(int).tolist(), error)
