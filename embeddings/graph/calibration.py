"""From scores to probabilities of missing edges, and how far they can be trusted.

The probability of a candidate is that it is *the kind of edge that was held out*: for questions that have a missing
answer, the share of candidates with such a score that were one. Scores are shares (softmax over all unknown
candidates of the right type); a monotone map from share to probability is fitted on half of the held-out questions by
isotonic regression (pool adjacent violators; Zadrozny and Elkan, 2002) and measured on the other half.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from embeddings.graph.answers import Answers, Questions
from embeddings.graph.candidates import candidate_blocks
from embeddings.graph.errors import CalibrationError, CorruptModelError
from embeddings.graph.model import GraphModel
from embeddings.graph.triples import BoolArray, EntityTypes, FloatArray, IntArray, Triples, concatenate

FORMAT = 1
TOP = 10
_GRID = np.linspace(-20, 0, 1601)  # log shares, in steps of 1/80
_EDGES = np.array([0, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
_LEAST = 20  # held-out facts a fit needs
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
    """A monotone map from the log of a share to a probability.

    Attributes:
        log_shares: ascending knots, float64 [k].
        probabilities: values there, ascending, float64 [k]; between knots it is interpolated.
        reliability: measured on other questions, over all unknown candidates of the right type.
        top_reliability: the same, over the ten best candidates of each question only.
        protocol: how it was fitted and measured, in words.
    """

    log_shares: Doubles
    probabilities: Doubles
    reliability: Reliability
    top_reliability: Reliability
    protocol: str

    def probability(self, log_shares: npt.ArrayLike) -> FloatArray:
        """Probabilities, float32, of candidates with these log shares (any shape)."""
        return np.interp(np.asarray(log_shares), self.log_shares, self.probabilities).astype(np.float32)

    def save(self, folder: str | Path) -> None:
        """Write `calibration.safetensors` and `calibration.json` into `folder`."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        knots = {"log_shares": self.log_shares, "probabilities": self.probabilities}
        save_file(knots, folder / "calibration.safetensors")
        about = {
            "format": FORMAT,
            "reliability": self.reliability.to_dict(),
            "top_reliability": self.top_reliability.to_dict(),
            "protocol": self.protocol,
        }
        (folder / "calibration.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: str | Path) -> EdgeCalibration:
        """Read what `save` wrote; `CorruptModelError` where that is not possible."""
        folder = Path(folder)
        try:
            about = json.loads((folder / "calibration.json").read_text(encoding="utf-8"))
            if about["format"] != FORMAT:
                raise CorruptModelError(f"calibration in {folder} has format {about['format']}, not {FORMAT}")
            return cls(
                **load_file(folder / "calibration.safetensors"),
                reliability=Reliability(**about["reliability"]),
                top_reliability=Reliability(**about["top_reliability"]),
                protocol=about["protocol"],
            )
        except (OSError, KeyError, TypeError, json.JSONDecodeError, SafetensorError) as error:
            raise CorruptModelError(f"{folder} holds no readable calibration: {error}") from error


def calibrate(
    model: GraphModel,
    held_out: Triples,
    known: Sequence[Triples],
    *,
    types: EntityTypes | None = None,
    seed: int = 0,
) -> EdgeCalibration:
    """Fit and measure probabilities of missing edges.

    Args:
        model: a model that was not trained on `held_out`.
        held_out: facts to be found among the unknown.
        known: facts known when the question is asked; they are no candidates.
        types: types of entities; default: those of `held_out`, if any.
        seed: which questions fit and which measure.

    Raises:
        CalibrationError: too few held-out facts between trained entities.
    """
    types = held_out.types if types is None else types
    inside = (held_out.heads < model.num_entities) & (held_out.tails < model.num_entities)
    held_out = held_out[inside]
    held_out = held_out[model.seen[held_out.heads] & model.seen[held_out.tails]]
    if len(held_out) < _LEAST:
        raise CalibrationError(f"{len(held_out)} held-out facts are too few to calibrate on; {_LEAST} are needed")
    directed = 2 * model.num_relations
    wanted = Answers.of(Questions.of(held_out), directed)
    given = Answers.of(Questions.of(concatenate([held_out[:0], *known])), directed)
    fitting = np.random.default_rng(seed).random(len(wanted.codes)) < 0.5
    counts = np.zeros((2, 2, 2, len(_GRID)))  # [measuring or fitting, all or top, all or held out, share]
    entities, relations = wanted.codes // directed, wanted.codes % directed
    for block in candidate_blocks(model, entities, relations, given, types):
        true = _held_out(wanted, wanted.codes[block.questions], block.pool)
        valid = np.isfinite(block.log_shares)
        top = valid & _best(block.log_shares, TOP)
        at = np.clip(np.searchsorted(_GRID, block.log_shares), 0, len(_GRID) - 1)  # [B, C]
        for half in (0, 1):
            rows = fitting[block.questions] == bool(half)
            for which, chosen in enumerate((valid, top)):
                for kind, members in enumerate((chosen, chosen & true)):
                    counts[half, which, kind] += np.bincount(at[rows][members[rows]], minlength=len(_GRID))
    total, hits = counts[1, 0]
    used = total > 0
    fitted = isotonic(hits[used] / total[used], total[used])
    grid = np.interp(_GRID, _GRID[used], fitted)
    return EdgeCalibration(
        log_shares=_GRID,
        probabilities=grid,
        reliability=_reliability(grid, *counts[0, 0]),
        top_reliability=_reliability(grid, *counts[0, 1]),
        protocol=(
            f"Fitted on {int(fitting.sum()):,} and measured on {int((~fitting).sum()):,} questions with a held-out "
            f"answer, against all unknown candidates of {'the right type' if types is not None else 'every type'} "
            f"({int(counts[0, 0, 0].sum()):,} measured, {int(counts[0, 0, 1].sum()):,} of them held-out facts); "
            f"a probability is that of being a held-out fact. The {TOP} best of each question are also measured alone."
        ),
    )


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


def _reliability(probabilities: Doubles, total: Doubles, hits: Doubles) -> Reliability:
    classes = np.clip(np.searchsorted(_EDGES, probabilities, side="right") - 1, 0, len(_EDGES) - 2)
    count, predicted, observed = (
        np.bincount(classes, weights=values, minlength=len(_EDGES) - 1)
        for values in (total, total * probabilities, hits)
    )
    error = float(np.abs(observed - predicted).sum() / max(count.sum(), 1))
    mass = np.maximum(count, 1)
    return Reliability(
        _EDGES.tolist(), (predicted / mass).tolist(), (observed / mass).tolist(), count.astype(int).tolist(), error
    )
