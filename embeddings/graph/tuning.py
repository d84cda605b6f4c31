"""Search for better settings: many cheap trials on a part of the graph, then the best of them on all of it.

Optuna's tree-structured Parzen estimator (Bergstra et al., 2011) proposes; a subgraph ranks the proposals; the few
best are trained on the whole graph with the epochs they will have, next to the settings one came with.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from embeddings.graph.errors import SettingsError
from embeddings.graph.evaluation import evaluate
from embeddings.graph.settings import GraphSettings
from embeddings.graph.triples import Triples

Space = dict[str, tuple[Any, ...]]
SPACE: Space = {  # (low, high) on a log scale, or the choices
    "learning_rate": (0.05, 1.0),
    "regularization": (0.0005, 0.05),
    "dim": (64, 128, 200, 256),
    "dropout": (0.0, 0.05, 0.1, 0.2),
    "negatives": (256, 512, 1024, 2048),
    "answers": (2, 4, 8, 16),
}


@dataclass(frozen=True, slots=True)
class Trial:
    """One training: its settings, its validation MRR, and whether it had the whole graph."""

    settings: GraphSettings
    mrr: float
    whole: bool


@dataclass(frozen=True, slots=True)
class TuneResult:
    """The best settings on the whole graph, and every trial in the order in which it was made."""

    best: Trial
    trials: tuple[Trial, ...]

    def to_dict(self) -> dict[str, Any]:
        """Settings and numbers, ready for JSON."""
        trials = [{"settings": t.settings.to_dict(), "mrr": t.mrr, "whole": t.whole} for t in self.trials]
        return {"best": {"settings": self.best.settings.to_dict(), "mrr": self.best.mrr}, "trials": trials}


def tune(
    triples: Triples,
    validation: Triples,
    *,
    settings: GraphSettings | None = None,
    space: Space | None = None,
    trials: int = 20,
    finalists: int = 3,
    share: float = 0.25,
    timeout: float | None = None,
    progress: Callable[[Trial], None] | None = None,
) -> TuneResult:
    """Search settings by their filtered MRR on a validation set.

    Args:
        triples: the training facts.
        validation: held-out facts; the test set must not be among them.
        settings: where the search starts; what the space does not name is kept.
        space: values by setting: two floats are a range on a log scale, anything else is a choice.
        trials: how many trials the subgraph gets.
        finalists: how many of them are trained on the whole graph, with `settings` itself.
        share: share of the entities the subgraph keeps, the best connected first.
        timeout: seconds that it may take: half of it for cheap trials; when it is over no further finalist is begun,
            but the start and the best of the trials are trained in any case.
        progress: called after each trial.

    Raises:
        SettingsError: the space names no setting, or a count is below 1.
    """
    import optuna

    from embeddings.graph.training import train

    base, space = settings or GraphSettings(), space or SPACE
    names = {field.name for field in dataclasses.fields(GraphSettings)}
    if unknown := set(space) - names:
        raise SettingsError("space", sorted(unknown), "names of settings")
    if trials < 1 or finalists < 1 or not 0 < share <= 1:
        raise SettingsError("trials", (trials, finalists, share), "at least 1, at least 1, and in (0, 1]")
    started = time.monotonic()
    part, part_validation = subgraph(triples, validation, share)
    done: list[Trial] = []

    def run(candidate: GraphSettings, *, whole: bool) -> Trial:
        facts, held_out = (triples, validation) if whole else (part, part_validation)
        trial = Trial(candidate, evaluate(train(facts, candidate), held_out, [facts, held_out]).mrr, whole)
        done.append(trial)
        if progress is not None:
            progress(trial)
        return trial

    def objective(proposal: optuna.Trial) -> float:
        return run(dataclasses.replace(base, **_suggest(proposal, space)), whole=False).mrr

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=base.seed))
        study.optimize(objective, n_trials=trials, timeout=None if timeout is None else timeout / 2)
    finally:
        optuna.logging.set_verbosity(before)
    best = sorted(done, key=lambda trial: -trial.mrr)
    chosen = list(dict.fromkeys([base, *(trial.settings for trial in best)]))[: finalists + 1]
    finals: list[Trial] = []
    for candidate in chosen:
        if len(finals) < 2 or timeout is None or time.monotonic() - started < timeout:
            finals.append(run(candidate, whole=True))
    return TuneResult(max(finals, key=lambda trial: trial.mrr), tuple(done))


def subgraph(triples: Triples, validation: Triples, share: float) -> tuple[Triples, Triples]:
    """The facts among the best connected entities, renumbered, and the validation facts among those.

    All of both if nothing of the validation set would be left.
    """
    degrees = triples.degrees()
    kept = np.zeros(triples.num_entities, dtype=bool)
    kept[np.argsort(-degrees, kind="stable")[: max(2, round(share * (degrees > 0).sum()))]] = True
    number = np.cumsum(kept) - 1
    parts = []
    for facts in (triples, validation):
        inside = facts[kept[facts.heads] & kept[facts.tails]]
        parts.append(
            Triples(
                heads=number[inside.heads],
                relations=inside.relations,
                tails=number[inside.tails],
                num_entities=int(kept.sum()),
                num_relations=triples.num_relations,
                weights=inside.weights,
            )
        )
    if not len(parts[0]) or not len(parts[1]):
        return triples, validation
    return parts[0], parts[1]


def _suggest(trial: Any, space: Space) -> dict[str, Any]:
    chosen = {}
    for name, values in space.items():
        if len(values) == 2 and all(isinstance(value, float) and value > 0 for value in values):
            chosen[name] = trial.suggest_float(name, *values, log=True)
        else:
            chosen[name] = trial.suggest_categorical(name, values)
    return chosen
