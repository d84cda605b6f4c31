"""Our training loop and evaluator against PyKEEN's, in one process, at equal dimension and number of negatives.

    python -m benchmarks.against_pykeen DIR [--json] [--dim 128] [--negatives 256] [--seconds 20]

Training: a PyKEEN TransE (L2, no constraint) by PyKEEN's sLCWA loop, at the fastest of three batch sizes, and by our
`SharedNegativesTrainingLoop` on all facts. A positive is a fact; ours meets the negatives on both sides of it, PyKEEN's
on one. PyKEEN's loop gets a random part of the facts that takes about `--seconds`: its speed does not depend on them.
Evaluation: filtered ranks of both sides of the same test facts, at the fastest of three batch sizes for PyKEEN. Where
the test set would take PyKEEN longer than ten times `--seconds`, both are timed on a random part; its MRR is compared.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.graph_files import read_splits
from embeddings.graph import GraphSettings, Triples, evaluate

BATCH_SIZES = (256, 1024, 4096)
EVALUATION_BATCH_SIZES = (32, 128, 512)


def compare(folder: Path, *, dim: int, negatives: int, seconds: float) -> dict[str, Any]:
    """Speeds of both loops and both evaluators, their ratios, and the MRR each evaluator finds."""
    splits = read_splits(folder)
    theirs = pykeen_training(splits.train, dim, negatives, seconds)
    ours, model, factory = our_training(splits.train, dim, negatives)
    evaluation = evaluations(splits.train, splits.valid, splits.test, model, factory, seconds)
    return {
        "training_ratio": ours / theirs["positives_per_second"],
        "evaluation_ratio": evaluation["pykeen_seconds"] / evaluation["our_seconds"],
        "training": {"our_positives_per_second": ours, "pykeen": theirs, "dim": dim, "negatives": negatives},
        "evaluation": evaluation,
        "protocol": " ".join((__doc__ or "").split("\n\n")[2].split()),
    }


def transe(factory: Any, dim: int) -> Any:
    """PyKEEN's TransE with the L2 norm and no constraint, which would rewrite the entity table each step."""
    from pykeen.models import TransE

    return TransE(
        triples_factory=factory, embedding_dim=dim, scoring_fct_norm=2, entity_constrainer=None, random_seed=0
    )


def pykeen_training(train: Triples, dim: int, negatives: int, seconds: float) -> dict[str, Any]:
    """Positives a second of PyKEEN's sLCWA loop, at its fastest batch size."""
    from pykeen.training import SLCWATrainingLoop

    from embeddings.graph.pykeen_models import factory_of

    order = np.random.default_rng(0).permutation(len(train))

    def speed(batch_size: int, count: int) -> float:
        factory = factory_of(train[order[:count]], inverse=False)
        loop = SLCWATrainingLoop(
            model=transe(factory, dim),
            triples_factory=factory,
            optimizer="Adam",
            negative_sampler="basic",
            negative_sampler_kwargs={"num_negs_per_pos": negatives},
            automatic_memory_optimization=False,
        )
        began = time.perf_counter()
        loop.train(factory, num_epochs=1, batch_size=batch_size, use_tqdm=False)
        return factory.num_triples / (time.perf_counter() - began)

    probe = {size: speed(size, min(len(train), 4096)) for size in BATCH_SIZES}
    best = max(probe, key=lambda size: probe[size])
    measured = speed(best, min(len(train), max(4096, round(probe[best] * seconds))))
    return {"positives_per_second": max(measured, probe[best]), "batch_size": best, "probe": probe}


def our_training(train: Triples, dim: int, negatives: int) -> tuple[float, Any, Any]:
    """Positives a second of our loop on all facts, and the trained PyKEEN model with its factory."""
    from embeddings.graph.pykeen_loop import SharedNegativesTrainingLoop
    from embeddings.graph.pykeen_models import factory_of

    factory = factory_of(train)
    model = transe(factory, dim)
    loop = SharedNegativesTrainingLoop(model, factory, settings=GraphSettings(dim=dim, negatives=negatives))
    epochs = max(1, min(3, math.ceil(500_000 / len(train))))
    began = time.perf_counter()
    loop.train(factory, num_epochs=epochs, use_tqdm=False)
    return epochs * len(train) / (time.perf_counter() - began), model, factory


def evaluations(
    train: Triples, valid: Triples, test: Triples, model: Any, factory: Any, seconds: float
) -> dict[str, Any]:
    """Seconds both evaluators take for the same facts of the test set, and the MRR both find."""
    import torch
    from pykeen.evaluation import RankBasedEvaluator

    from embeddings.graph.pykeen_models import from_pykeen

    order = np.random.default_rng(1).permutation(len(test))
    known = [torch.from_numpy(part.to_array()) for part in (train, valid, test)]

    def pykeen(count: int, batch_size: int) -> tuple[float, float]:
        began = time.perf_counter()
        result = RankBasedEvaluator().evaluate(
            model,
            torch.from_numpy(test[order[:count]].to_array()),
            batch_size=batch_size,
            additional_filter_triples=known,
            use_tqdm=False,
        )
        return time.perf_counter() - began, float(result.get_metric("mrr"))

    probe = {size: pykeen(min(len(test), 512), size)[0] for size in EVALUATION_BATCH_SIZES}
    best = min(probe, key=lambda size: probe[size])
    expected = probe[best] * len(test) / min(len(test), 512)
    count = len(test) if expected <= 10 * seconds else max(512, round(len(test) * 10 * seconds / expected))
    pykeen_seconds, pykeen_mrr = pykeen(count, best)
    ours = from_pykeen(model, factory)
    part = test[order[:count]]
    began = time.perf_counter()
    report = evaluate(ours, part, [train, valid, test])
    our_seconds = time.perf_counter() - began
    began = time.perf_counter()
    evaluate(ours, test, [train, valid])
    return {
        "facts": count,
        "pykeen_seconds": pykeen_seconds,
        "our_seconds": our_seconds,
        "our_seconds_whole_test": time.perf_counter() - began,
        "pykeen_batch_size": best,
        "pykeen_mrr": pykeen_mrr,
        "our_mrr": report.mrr,
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder with train, valid and test files")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--negatives", type=int, default=256)
    parser.add_argument("--seconds", type=float, default=20, help="how long PyKEEN's loop is timed")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    found = compare(options.folder, dim=options.dim, negatives=options.negatives, seconds=options.seconds)
    if options.json:
        print(json.dumps(found))
        return
    training, evaluation = found["training"], found["evaluation"]
    print(
        f"training:   ours {training['our_positives_per_second']:,.0f} positives/s, PyKEEN "
        f"{training['pykeen']['positives_per_second']:,.0f} (batch {training['pykeen']['batch_size']}): "
        f"{found['training_ratio']:.1f} ×"
    )
    print(
        f"evaluation: ours {evaluation['our_seconds']:.2f} s, PyKEEN {evaluation['pykeen_seconds']:.2f} s for "
        f"{evaluation['facts']:,} facts: {found['evaluation_ratio']:.1f} × (the whole test set: "
        f"{evaluation['our_seconds_whole_test']:.2f} s)"
    )
    print(f"MRR of that part: ours {evaluation['our_mrr']:.4f}, PyKEEN {evaluation['pykeen_mrr']:.4f}")


if __name__ == "__main__":
    main()
