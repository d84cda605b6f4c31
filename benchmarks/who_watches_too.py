"""Who watches it too, and adaptations (films and books of one story), on a workspace: every method side by side.

    python -m benchmarks.who_watches_too WORKSPACE [--epochs 8] [--negatives 512] [--folds 5]

Everything is trained anew without what is asked for; the result is printed as JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from embeddings.graph import GraphSettings
from embeddings.usefulness.run import ablation
from kg import KnowledgeGraph


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--negatives", type=int)
    parser.add_argument("--folds", type=int, default=5)
    options = parser.parse_args()
    kg = KnowledgeGraph.open(options.workspace)
    graph = GraphSettings(epochs=options.epochs, negatives=options.negatives)
    found = ablation(
        kg, seed=kg.workspace.seed, graph=graph, folds=options.folds, tell=lambda t: print(t, file=sys.stderr)
    )
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
