"""How a graph embedding is trained: one frozen value, checked when it is made."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from embeddings.graph.errors import SettingsError

LOSSES = ("softmax", "self_adversarial")
OPTIMIZERS = ("adagrad", "adam")
SIMILARITIES = ("l2", "dot")
PRECISIONS = ("auto", "float32", "bfloat16")
SAMPLINGS = ("uniform", "degree", "typed")
SCHEDULES = ("cosine", "linear", "constant")


@dataclass(frozen=True, kw_only=True, slots=True)
class GraphSettings:
    """Settings of training; a size left at `None` is chosen from the graph by `resolved`.

    Attributes:
        dim: dimension d of entity and relation vectors.
        epochs: passes over the facts; None: more for small graphs.
        batch_size: queries a step, a query being an (entity, relation) pair with up to `answers` of its answers.
        negatives: candidates drawn a step, without replacement, shared by all its queries; None: at most 1,024.
        answers: the most answers one query brings to a step; a hub's answers are spread over several steps.
        sampling: how negatives are drawn: "uniform", "degree" (half of them uniformly, half in proportion to
            degree ** 0.75; the softmax counts each by the inverse of its chance, so that it estimates the same loss
            with less noise), or "typed" (uniform; those whose type the query's relation does not allow are left out);
            None: by degree where the negatives are few among the entities.
        filtered: leave out sampled negatives that are known answers.
        loss: "softmax" (cross-entropy of a positive against the negatives) or "self_adversarial" (Sun et al., 2019).
        similarity: "l2" for −‖q − e‖ (TransE), "dot" for q · e.
        scale: factor from similarity to logit.
        margin: γ of the self-adversarial loss, in units of the logit.
        adversarial_temperature: α of the self-adversarial loss.
        reciprocal: a relation has a second vector for the other direction; otherwise that is −r.
        dropout: share of a query's coordinates set to zero in training.
        regularization: λ of (‖h + r‖² + ‖t‖²) · λ / 2, added for each positive and side (DURA; Zhang et al., 2020);
            None: the more, the smaller and the sparser the graph.
        optimizer: row-wise "adagrad" or "adam": one second moment a row, only rows used by a step are touched.
        learning_rate: at the start; `schedule` takes it to zero (or keeps it, "constant").
        averaging: share of the epochs, counted from the end, whose tables are averaged into the result; 0 is off.
        init_scale: root-mean-square length of a vector at the start.
        patience: with a validation set, stop after so many evaluations without a better MRR, keep the best.
        evaluate_every: epochs between two evaluations on the validation set.
        seed: the one source of randomness. Same seed, machine and thread count: same result.
        threads: CPU threads for torch while training; None leaves torch's own number.
        device: "cpu", "cuda" or "auto" (CUDA where there is one).
        precision: of the matrix products: "float32", "bfloat16" (the tables and all else stay float32), or "auto"
            (bfloat16 on CUDA, float32 on a CPU, which gains nothing by it).
    """

    dim: int = 128
    epochs: int | None = None
    batch_size: int | None = None
    negatives: int | None = None
    answers: int = 8
    sampling: str | None = None
    filtered: bool = True
    loss: str = "softmax"
    similarity: str = "l2"
    scale: float = 1.0
    margin: float = 9.0
    adversarial_temperature: float = 1.0
    reciprocal: bool = True
    dropout: float = 0.0
    regularization: float | None = None
    optimizer: str = "adagrad"
    learning_rate: float = 0.3
    schedule: str = "cosine"
    averaging: float = 0.0
    init_scale: float = 1.0
    patience: int | None = None
    evaluate_every: int = 4
    seed: int = 0
    threads: int | None = None
    device: str = "auto"
    precision: str = "auto"

    def __post_init__(self) -> None:
        for name, allowed in (
            ("loss", LOSSES),
            ("optimizer", OPTIMIZERS),
            ("similarity", SIMILARITIES),
            ("schedule", SCHEDULES),
            ("device", ("cpu", "cuda", "auto")),
            ("precision", PRECISIONS),
        ):
            if getattr(self, name) not in allowed:
                raise SettingsError(name, getattr(self, name), "one of " + ", ".join(allowed))
        if self.sampling is not None and self.sampling not in SAMPLINGS:
            raise SettingsError("sampling", self.sampling, "one of " + ", ".join(SAMPLINGS))
        for name in ("dim", "epochs", "batch_size", "negatives", "answers", "patience", "evaluate_every", "threads"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise SettingsError(name, value, "at least 1")
        for name in ("scale", "learning_rate", "init_scale", "adversarial_temperature"):
            if not 0 < getattr(self, name) < math.inf:
                raise SettingsError(name, getattr(self, name), "positive and finite")
        for name in ("dropout", "averaging"):
            if not 0 <= getattr(self, name) < 1:
                raise SettingsError(name, getattr(self, name), "at least 0 and below 1")
        if self.regularization is not None and not 0 <= self.regularization < math.inf:
            raise SettingsError("regularization", self.regularization, "at least 0")
        if self.seed < 0:
            raise SettingsError("seed", self.seed, "at least 0")

    def resolved(self, *, num_triples: int, num_entities: int, warm: bool = False) -> GraphSettings:
        """The same settings with every size left at `None` chosen for a graph of so many facts and entities with facts.

        Few facts need more passes and smaller steps than many, and a stronger penalty, and so do few facts an entity:
        λ is 0.6 · (entities / facts²)^⅓, within 0.001 … 0.03, which is near the best on six graphs of 5,000 to 600,000
        facts. Negatives are drawn by degree where they are less than one in fifty entities. A `warm` start needs a
        twelfth of the epochs.
        """
        scarcity = math.sqrt(300_000 / max(num_triples, 1))
        regularization = self.regularization
        if regularization is None:
            regularization = min(0.03, max(0.001, 0.6 * (num_entities / max(num_triples, 1) ** 2) ** (1 / 3)))
        negatives = max(1, min(self.negatives or 1024, num_entities))
        return dataclasses.replace(
            self,
            epochs=self.epochs or round(min(30.0, max(16.0, 16 * scarcity)) / (12 if warm else 1)),
            batch_size=self.batch_size or min(512, max(64, num_triples // 32)),
            negatives=negatives,
            sampling=self.sampling or ("degree" if 50 * negatives < num_entities else "uniform"),
            regularization=regularization,
        )

    def to_dict(self) -> dict[str, Any]:
        """Names and values, ready for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> GraphSettings:
        """The settings in a dict as `to_dict` gives it; names of other versions are left out."""
        known = {field.name for field in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})
