"""Memory and time of training on very many entities, with the entity table in a mapped file.

    python -m benchmarks.graph_memory [--entities 10000000] [--dim 128] [--facts 200000] [--json]

Facts are random: this measures what the tables cost, not what is learnt. Steps touch only the rows they use.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time

import numpy as np

from benchmarks.graph_files import peak_memory_bytes
from embeddings.graph import GraphSettings, Triples, train


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entities", type=int, default=10_000_000)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--facts", type=int, default=200_000)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    rng = np.random.default_rng(0)
    facts = Triples(
        heads=rng.integers(0, options.entities, options.facts),
        relations=rng.integers(0, 20, options.facts),
        tails=rng.integers(0, options.entities, options.facts),
        num_entities=options.entities,
        num_relations=20,
    )
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        model = train(facts, GraphSettings(dim=options.dim, epochs=1), memory=folder)
    found = {
        "entities": options.entities,
        "dim": options.dim,
        "facts": options.facts,
        "epoch_seconds": model.history[0]["seconds"],
        "seconds": time.perf_counter() - began,
        "peak_memory_bytes": peak_memory_bytes(),
        "table_bytes": model.entities.nbytes,
    }
    if options.json:
        print(json.dumps(found))
    else:
        print(f"{found['entities']:,} entities × {found['dim']}: {found['peak_memory_bytes'] / 2**30:.1f} GiB at most,")
        print(f"one epoch over {found['facts']:,} facts: {found['epoch_seconds']:.0f} s; all: {found['seconds']:.0f} s")


if __name__ == "__main__":
    main()
