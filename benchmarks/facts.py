"""How fast facts are taken in, read as RDF and looked up.

    python -m benchmarks.facts [--json] [--rows 5000000] [--triples 1000000] [--only add|ntriples|lookup|rdf]

- add: facts a second of one table of `--rows` synthetic facts, by `KnowledgeGraph.add` into an empty workspace:
  validated, deduplicated, every entity given a row, committed.
- ntriples: the same for an N-Triples file of `--triples` facts, from the file to the commit, against rdflib's parse of
  the file into memory, in the same process.
- lookup: seconds to open a workspace with a million facts and get one title's neighbourhood, the slowest of 20 titles;
  and the first and second call of `paths` between two titles.
- rdf: seconds to build the RDF view of that workspace, to open it again, and to count its facts in SPARQL.
Seconds are wall-clock; `cpu` beside them are the process's own, which a busy machine stretches less.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kg import Batch, KnowledgeGraph
from kg.network import paths
from kg.rdf import batch_from_rdf, export

MILLION = 1_000_000
T = TypeVar("T")


def synthetic_facts(rows: int, *, seed: int = 0) -> pa.Table:
    """Head, relation and tail: 25 facts a title, people and tags as unevenly popular as they are, a few repeats."""
    rng = np.random.default_rng(seed)
    titles, people, tags = max(rows // 25, 1), max(rows // 10, 1), 20_000
    relations = pa.array(["starring", "directed_by", "written_by", "storyline", "has_genre"])
    kind = rng.choice(5, rows, p=[0.45, 0.05, 0.1, 0.3, 0.1])
    size = np.array([people, people, people, tags, 30])[kind]
    which = (size * rng.random(rows) ** 2).astype(np.int64)  # the first are the most popular
    prefix = pa.array(["imdbname:nm", "imdbname:nm", "imdbname:nm", "tag:t", "genre:g"]).take(pa.array(kind))
    return pa.table(
        {
            "head": pc.binary_join_element_wise(
                "imdb:tt", pa.array(rng.integers(titles, size=rows)).cast(pa.string()), ""
            ),
            "relation": relations.take(pa.array(kind)),
            "tail": pc.binary_join_element_wise(prefix, pa.array(which).cast(pa.string()), ""),
        }
    )


def timed(run: Callable[[], T]) -> tuple[T, dict[str, float]]:
    cpu, wall = time.process_time(), time.perf_counter()
    result = run()
    return result, {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def adding(folder: Path, rows: int) -> dict[str, Any]:
    table = synthetic_facts(rows)
    kg = KnowledgeGraph.create(folder / "add")
    change, spent = timed(lambda: kg.add(Batch(source="synthetic", facts=table)))
    assert change.rejected.empty
    counts = {"rows": rows, "facts": change.added["facts"], "entities": change.added["entities"]}
    return counts | spent | {"rows_per_second": rows / spent["seconds"]}


def n_triples(folder: Path, triples: int) -> dict[str, Any]:
    import rdflib

    kg = KnowledgeGraph.create(folder / "written")
    kg.add(Batch(source="synthetic", facts=synthetic_facts(triples)))
    whole, file = folder / "whole.nt", folder / "facts.nt"
    export(kg, whole)
    with whole.open("rb") as lines, file.open("wb") as out:  # without the types of the entities
        out.writelines(line for line in lines if b"22-rdf-syntax-ns#type" not in line)

    def ours() -> int:
        target = KnowledgeGraph.create(folder / f"read-{time.monotonic_ns()}")
        added = 0
        for batch in batch_from_rdf(target.schema, file, source="file"):
            added += target.replace(batch).added["facts"]
        return added

    count, our_time = timed(ours)
    graph, their_time = timed(lambda: rdflib.Graph().parse(file, format="nt"))
    assert count == len(graph)
    del graph
    return {
        "triples": count,
        "our_seconds": our_time["seconds"],
        "our_cpu": our_time["cpu"],
        "rdflib_seconds": their_time["seconds"],
        "rdflib_cpu": their_time["cpu"],
        "triples_per_second": count / our_time["seconds"],
        "rdflib_triples_per_second": count / their_time["seconds"],
        "times_as_fast": their_time["seconds"] / our_time["seconds"],
        "times_as_fast_by_cpu": their_time["cpu"] / our_time["cpu"],
    }


def _million(folder: Path) -> Path:
    path = folder / "million"
    if not path.exists():
        kg = KnowledgeGraph.create(path)
        kg.add(Batch(source="synthetic", facts=synthetic_facts(MILLION + MILLION // 10)))
    return path


def lookup(folder: Path) -> dict[str, Any]:
    path = _million(folder)
    spent = [timed(lambda i=i: KnowledgeGraph.open(path).network(f"imdb:tt{i}"))[1] for i in range(1, 21)]
    kg = KnowledgeGraph.open(path)
    _, first = timed(lambda: paths(kg, "imdb:tt1", "imdb:tt2"))
    _, second = timed(lambda: paths(kg, "imdb:tt3", "imdb:tt4"))
    return {
        "facts": kg.snapshot.rows["facts"],
        "neighbourhood_slowest": max(s["seconds"] for s in spent),
        "neighbourhood_median": float(np.median([s["seconds"] for s in spent])),
        "neighbourhood_cpu": float(np.median([s["cpu"] for s in spent])),
        "first_paths": first["seconds"],
        "next_paths": second["seconds"],
    }


def rdf_view(folder: Path) -> dict[str, Any]:
    path = _million(folder)
    count = "SELECT (COUNT(*) AS ?n) { ?title tg:starring ?person }"
    _, built = timed(lambda: KnowledgeGraph.open(path).sparql("ASK { ?s ?p ?o }"))
    kg = KnowledgeGraph.open(path)
    _, opened = timed(lambda: kg.sparql("ASK { ?s ?p ?o }"))
    _, counted = timed(lambda: kg.sparql(count))
    _, written = timed(lambda: export(kg, folder / "million.nq"))
    return {
        "build_seconds": built["seconds"],
        "build_cpu": built["cpu"],
        "open_seconds": opened["seconds"],
        "count_seconds": counted["seconds"],
        "export_n_quads_seconds": written["seconds"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--triples", type=int, default=MILLION)
    parser.add_argument("--only", choices=["add", "ntriples", "lookup", "rdf"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts: dict[str, Callable[[], dict[str, Any]]] = {
            "add": lambda: adding(folder, options.rows),
            "ntriples": lambda: n_triples(folder, options.triples),
            "lookup": lambda: lookup(folder),
            "rdf": lambda: rdf_view(folder),
        }
        found = {part: run() for part, run in parts.items() if options.only in (None, part)}
    if options.json:
        print(json.dumps(found, indent=1))
        return
    for part, figures in found.items():
        print(part)
        for figure, value in figures.items():
            print(
                f"  {figure:28} {value:,.3g}"
                if isinstance(value, float) and value < 100
                else f"  {figure:28} {value:,.0f}"
            )


if __name__ == "__main__":
    main()
