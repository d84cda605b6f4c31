"""What the graph embeddings do on a catalogue's own facts: held-out edges, warm start, drafts, calibration.

    python -m benchmarks.graph_catalogue FACTS [--json] [--only held_out,warm_start,drafts,calibration]

FACTS is a table of head, relation, tail, such as ../shared/data/catalogue/metaqa/metaqa_kb_labelled.tsv. An entity's
type is the set of roles (relation and side) it has anywhere; a relation allows the types that occur with it.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.graph_files import read_facts
from embeddings.graph import EntityTypes, GraphModel, GraphSettings, Triples, evaluate, train
from embeddings.graph.calibration import calibrate
from embeddings.graph.drafts import with_drafts

PARTS = ("held_out", "warm_start", "drafts", "calibration")


def role_types(triples: Triples) -> EntityTypes:
    """Types by role: entities with the same set of (relation, side) share a code."""
    roles = np.zeros((triples.num_entities, 2 * triples.num_relations), dtype=bool)
    roles[triples.heads, triples.relations] = True
    roles[triples.tails, triples.relations + triples.num_relations] = True
    _, codes = np.unique(roles, axis=0, return_inverse=True)
    return EntityTypes.observed(codes.ravel(), triples)


def held_out(facts: Triples, names: list[str], settings: GraphSettings) -> tuple[dict[str, Any], GraphModel, Triples]:
    """2 % of the facts, drawn evenly, found by a model of the others."""
    test = np.random.default_rng(0).random(len(facts)) < 0.02
    began = time.perf_counter()
    model = train(facts[~test], settings)
    seconds = time.perf_counter() - began
    report = evaluate(model, facts[test], [facts[~test]], relation_names=names)
    found = {"seconds": seconds, **report.to_dict(), "loss": model.history[-1]["loss"]}
    return found, model, facts[test]


def warm_start(facts: Triples, settings: GraphSettings) -> dict[str, Any]:
    """A model of all but the newest 1 % of the training facts, brought up to date, against training anew."""
    draw = np.random.default_rng(1).random(len(facts))
    test, new = draw < 0.02, draw > 0.99
    old = train(facts[~test & ~new], settings)
    found: dict[str, Any] = {}
    for name, start in (("anew", None), ("warm", old)):
        began = time.perf_counter()
        model = train(facts[~test], settings, start=start)
        found[name] = {
            "seconds": time.perf_counter() - began,
            "epochs": model.settings.epochs,
            "mrr": evaluate(model, facts[test], [facts[~test]]).mrr,
        }
    found["before"] = {"mrr": evaluate(old, facts[test], [facts[~test & ~new]]).mrr}
    found["ratio"] = found["anew"]["seconds"] / found["warm"]["seconds"]
    moved = np.linalg.norm(model.entities - old.entities, axis=1)[old.seen]
    found["median_drift"] = float(np.median(moved / np.linalg.norm(old.entities, axis=1)[old.seen]))
    return found


def drafts(facts: Triples, settings: GraphSettings) -> dict[str, Any]:
    """Titles held out whole: half of their facts make a draft, the other half are asked; against training on the half.

    A title is an entity that is mostly a head, with eight facts at least.
    """
    heads = np.bincount(facts.heads, minlength=facts.num_entities)
    tails = np.bincount(facts.tails, minlength=facts.num_entities)
    rng = np.random.default_rng(2)
    titles = np.flatnonzero((heads >= 8) & (tails <= heads // 4))
    chosen = np.isin(np.arange(facts.num_entities), rng.permutation(titles)[:300])
    theirs = chosen[facts.heads] | chosen[facts.tails]
    asked = theirs & (rng.random(len(facts)) < 0.5)
    given = theirs & ~asked
    without = train(facts[~theirs], settings)
    trained = train(facts[~asked], settings)
    drafted = with_drafts(without, facts[given])
    # both are asked the same questions, those that both can be asked
    both = facts[asked]
    known = drafted.seen & trained.seen
    both = both[known[both.heads] & known[both.tails]]
    scores = {}
    for name, model in (("draft", drafted), ("trained", trained)):
        report = evaluate(model, both, [facts[~asked]])
        scores[name] = {"mrr": report.mrr, "typed_mrr": report.typed.mrr if report.typed else None}
    return {
        "titles": int(chosen.sum()),
        "facts": len(both),
        **scores,
        "typed_ratio": scores["draft"]["typed_mrr"] / scores["trained"]["typed_mrr"],
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("facts", type=Path, help="a table of head, relation, tail")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--only", default=",".join(PARTS), help="parts to run, comma separated")
    options = parser.parse_args(arguments)
    parts = options.only.split(",")
    facts, _, names = read_facts(options.facts)
    facts = dataclasses.replace(facts, types=role_types(facts))
    settings = GraphSettings()
    found: dict[str, Any] = {"facts": len(facts), "entities": facts.num_entities, "relations": facts.num_relations}
    if "held_out" in parts or "calibration" in parts:
        found["held_out"], model, test = held_out(facts, names, settings)
        if "calibration" in parts:
            rest = np.random.default_rng(0).random(len(facts)) >= 0.02
            calibration = calibrate(model, test, [facts[rest]])
            found["calibration"] = {
                "error": calibration.reliability.error,
                "error_top": calibration.top_reliability.error,
                "reliability": calibration.reliability.to_dict(),
                "top_reliability": calibration.top_reliability.to_dict(),
                "protocol": calibration.protocol,
            }
    if "warm_start" in parts:
        found["warm_start"] = warm_start(facts, settings)
    if "drafts" in parts:
        found["drafts"] = drafts(facts, settings)
    print(json.dumps(found, indent=None if options.json else 1))


if __name__ == "__main__":
    main()
