"""What the graph embeddings do on a catalogue's own facts: held-out edges, new titles, calibration, PyKEEN beside them.

    python -m benchmarks.graph_catalogue CATALOGUE [--json] [--only held_out,new_titles,calibration,pykeen]

CATALOGUE is a workspace, or a table of head, relation, tail such as
../shared/data/catalogue/metaqa/metaqa_kb_labelled.tsv. A workspace's facts are held out as a release holds them out,
and answers are looked for among the entities that its training facts mention. Of a table, 2 % of the facts are held
out, drawn evenly; an entity's type is the set of roles (relation and side) it has anywhere, and a relation allows the
types that occur with it. `pykeen` gives PyKEEN's loop ten times the CPU time of our training and is not run unasked.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.graph_baseline import pykeen_transe
from benchmarks.graph_files import peak_memory_bytes, read_facts
from embeddings.graph import EntityTypes, GraphModel, GraphSettings, RankReport, Triples, evaluate, train
from embeddings.graph.calibration import calibrate
from embeddings.graph.drafts import with_drafts

PARTS = ("held_out", "new_titles", "calibration")
HELD_OUT, VALIDATION = 0.02, 0.01
NEW = 0.01  # of the training facts are those of new titles
TIMES = 10  # what PyKEEN gets of our training's CPU time


@dataclass(frozen=True, kw_only=True, eq=False)
class Graph:
    """Facts in three parts over one numbering, and which rows are of something that is still called so, bool [E]."""

    train: Triples
    valid: Triples
    test: Triples
    names: list[str]
    entities: np.ndarray[tuple[int], np.dtype[np.bool_]]

    def report(self, model: GraphModel, test: Triples, known: list[Triples]) -> RankReport:
        """Ranks of `test` among the entities that the training facts mention."""
        candidates = self.entities & (self.train.degrees() > 0)
        return evaluate(model, test, known, relation_names=self.names, candidates=candidates)


def read(path: Path) -> Graph:
    """A workspace's graph, or a table's."""
    return _of_workspace(path) if path.is_dir() else _of_table(path)


def _of_workspace(path: Path) -> Graph:
    from embeddings.catalogue import Catalogue
    from embeddings.links import entity_types, triples_of
    from kg import KnowledgeGraph
    from kg.holdout import split

    kg = KnowledgeGraph.open(path)
    catalogue = Catalogue.of(kg)
    rows = catalogue.entities["row"].to_numpy(np.int64)
    types = entity_types(catalogue, rows)
    halves = split(kg, valid=VALIDATION)
    parts = {}
    for name in ("train", "valid", "test"):
        facts = catalogue.facts(getattr(halves, name))
        parts[name] = triples_of(facts[~np.isin(facts.relations, catalogue.numbers(catalogue.hidden))], rows, types)
    names = [relation.name for relation in catalogue.relations]
    return Graph(**parts, names=names, entities=np.isin(np.arange(len(types.codes)), rows))


def _of_table(path: Path) -> Graph:
    facts, _, names = read_facts(path)
    facts = dataclasses.replace(facts, types=role_types(facts))
    draw = np.random.default_rng(0).random(len(facts))
    test, valid = draw < HELD_OUT, draw >= 1 - VALIDATION
    every = np.ones(facts.num_entities, dtype=bool)
    return Graph(train=facts[~test & ~valid], valid=facts[valid], test=facts[test], names=names, entities=every)


def role_types(triples: Triples) -> EntityTypes:
    """Types by role: entities with the same set of (relation, side) share a code."""
    roles = np.zeros((triples.num_entities, 2 * triples.num_relations), dtype=bool)
    roles[triples.heads, triples.relations] = True
    roles[triples.tails, triples.relations + triples.num_relations] = True
    _, codes = np.unique(roles, axis=0, return_inverse=True)
    return EntityTypes.observed(codes.ravel(), triples)


@dataclass(frozen=True)
class Timed:
    """A trained model, and the CPU and wall-clock seconds its training took."""

    model: GraphModel
    cpu: float
    wall: float

    @classmethod
    def of(cls, facts: Triples, settings: GraphSettings, start: GraphModel | None = None) -> Timed:
        cpu, wall = time.process_time(), time.perf_counter()
        model = train(facts, settings, start=start)
        return cls(model, time.process_time() - cpu, time.perf_counter() - wall)

    def seconds(self) -> dict[str, float]:
        return {"cpu": self.cpu, "wall": self.wall}


def held_out(graph: Graph, trained: Timed) -> dict[str, Any]:
    """How well the test facts are found."""
    report = graph.report(trained.model, graph.test, [graph.train, graph.valid])
    settings = trained.model.settings.to_dict()
    return {"seconds": trained.seconds(), "settings": settings, **report.to_dict()}


def pykeen(graph: Graph, seconds: float) -> dict[str, Any]:
    """PyKEEN's TransE by its own loop, on the same facts, asked the same questions by the same evaluator."""
    # its loop has no rows that no fact mentions
    used = np.flatnonzero(graph.train.degrees() > 0)
    row = np.full(graph.train.num_entities, -1)
    row[used] = np.arange(len(used))
    ends = {"heads": row[graph.train.heads], "tails": row[graph.train.tails], "num_entities": len(used), "types": None}
    found = pykeen_transe(dataclasses.replace(graph.train, **ends), dim=GraphSettings().dim, seconds=seconds)
    entities = np.zeros((graph.train.num_entities, found.model.dim), dtype=np.float32)
    entities[used] = found.model.entities
    model = dataclasses.replace(found.model, entities=entities, seen=graph.train.degrees() > 0)
    report = graph.report(model, graph.test, [graph.train, graph.valid])
    return {"seconds": {"cpu": found.seconds}, "epochs": found.epochs, **report.to_dict()}


def new_titles(graph: Graph, settings: GraphSettings) -> dict[str, Any]:
    """Titles nobody knew: half of their facts arrive, and the other half are asked.

    A title is an entity that is mostly a head, with eight facts at least; as many are held out whole as bring the share
    `NEW` of new facts. A draft has no training, a warm start goes on from the model that did not know them; both are
    set against training anew with the facts that arrived.
    """
    facts = graph.train
    heads = np.bincount(facts.heads, minlength=facts.num_entities)
    tails = np.bincount(facts.tails, minlength=facts.num_entities)
    rng = np.random.default_rng(2)
    titles = rng.permutation(np.flatnonzero((heads >= 8) & (tails <= heads // 4)))
    count = int(np.searchsorted(np.cumsum(heads[titles] + tails[titles]), 2 * NEW * len(facts))) + 1
    chosen = np.isin(np.arange(facts.num_entities), titles[:count])
    theirs = chosen[facts.heads] | chosen[facts.tails]
    asked = theirs & (rng.random(len(facts)) < 0.5)
    given = theirs & ~asked
    before = Timed.of(facts[~theirs], settings)
    anew = Timed.of(facts[~asked], settings)
    warm = Timed.of(facts[~asked], settings, start=before.model)
    models = {"draft": with_drafts(before.model, facts[given]), "warm": warm.model, "anew": anew.model}
    # all are asked the same questions, those that all can be asked
    both = facts[asked]
    known = models["draft"].seen & anew.model.seen
    both = both[known[both.heads] & known[both.tails]]
    found: dict[str, Any] = {"titles": min(count, len(titles)), "new_facts": int(given.sum()), "asked": len(both)}
    for name, model in {"before": before.model, **models}.items():
        test = graph.report(model, graph.test, [facts[~asked], facts[asked], graph.valid])
        found[name] = {"mrr": test.mrr, "typed_mrr": _typed(test)}
        if name in models:
            theirs_ = graph.report(model, both, [facts[~asked], graph.test, graph.valid])
            found[name] |= {"new_titles_mrr": theirs_.mrr, "new_titles_typed_mrr": _typed(theirs_)}
    found["draft"]["typed_ratio"] = found["draft"]["new_titles_typed_mrr"] / found["anew"]["new_titles_typed_mrr"]
    for name, timed in (("warm", warm), ("anew", anew)):
        found[name] |= {"seconds": timed.seconds(), "epochs": timed.model.settings.epochs}
    found["warm"]["time_ratio"] = anew.cpu / warm.cpu
    old = before.model.seen
    moved = np.linalg.norm((warm.model.entities - before.model.entities)[old], axis=1)
    found["warm"]["median_drift"] = float(np.median(moved / np.linalg.norm(before.model.entities[old], axis=1)))
    return found


def _typed(report: RankReport) -> float:
    assert report.typed is not None
    return report.typed.mrr


def calibration(graph: Graph, model: GraphModel) -> dict[str, Any]:
    """Probabilities of missing edges, fitted on the validation facts and measured on the test facts."""
    fitted = calibrate(model, graph.valid, graph.test, [graph.train, graph.valid, graph.test])
    return {
        "error": fitted.reliability.error,
        "error_top": fitted.top_reliability.error,
        "reliability": fitted.reliability.to_dict(),
        "top_reliability": fitted.top_reliability.to_dict(),
        "protocol": fitted.protocol,
    }


def some(facts: Triples, most: int) -> Triples:
    """At most so many of the facts, drawn evenly."""
    if len(facts) <= most:
        return facts
    return facts[np.sort(np.random.default_rng(3).choice(len(facts), most, replace=False))]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalogue", type=Path, help="a workspace, or a table of head, relation, tail")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--only", default=",".join(PARTS), help="parts to run, comma separated")
    parser.add_argument("--most", type=int, default=10_000, help="most held-out facts that are measured")
    parser.add_argument("--threads", type=int, help="CPU threads; default: all cores")
    options = parser.parse_args(arguments)
    parts = options.only.split(",")
    graph = read(options.catalogue)
    graph = dataclasses.replace(graph, test=some(graph.test, options.most), valid=some(graph.valid, options.most))
    settings = GraphSettings(threads=options.threads)
    found: dict[str, Any] = {
        "facts": len(graph.train) + len(graph.valid) + len(graph.test),
        "training_facts": len(graph.train),
        "entities": int((graph.entities & (graph.train.degrees() > 0)).sum()),
        "relations": len(np.unique(graph.train.relations)),
    }
    if set(parts) & {"held_out", "calibration", "pykeen"}:
        trained = Timed.of(graph.train, settings)
        found["held_out"] = held_out(graph, trained)
        if "calibration" in parts:
            found["calibration"] = calibration(graph, trained.model)
        if "pykeen" in parts:
            found["pykeen"] = pykeen(graph, TIMES * trained.cpu)
    if "new_titles" in parts:
        found["new_titles"] = new_titles(graph, settings)
    found["peak_memory_bytes"] = peak_memory_bytes()
    print(json.dumps(found, indent=None if options.json else 1))


if __name__ == "__main__":
    main()
