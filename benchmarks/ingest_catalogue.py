"""How long the reference catalogue takes to ingest, in what memory, and again with nothing changed.

    python benchmarks/ingest_catalogue.py [--catalogue ../shared/data/catalogue] [--cores 2]

Each run is a process of its own on the given number of cores; memory is its largest resident set.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def measure(workspace: Path, catalogue: Path) -> dict[str, object]:
    """Ingest `catalogue` into `workspace`, which may exist, in this process."""
    from ingest.run import ingest
    from kg.knowledge_graph import KnowledgeGraph

    started = time.perf_counter()
    steps: list[tuple[str, float]] = []
    kg = KnowledgeGraph.open(workspace) if workspace.exists() else KnowledgeGraph.create(workspace)
    summary = ingest(kg, [catalogue], progress=lambda what, _done, _total: steps.append((what, time.perf_counter())))
    ended = time.perf_counter()
    return {
        "seconds": round(ended - started, 1),
        "memory_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        "rows": dict(kg.snapshot.rows),
        "rejected": len(summary.rejected),
        "new": not summary.nothing_new,
        "steps": {
            what: round(after - at, 1)
            for (what, at), (_, after) in zip(steps, [*steps[1:], ("", ended)], strict=True)
            if after - at > 0.05
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--catalogue", type=Path, default=ROOT.parent / "shared" / "data" / "catalogue")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--workspace", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.workspace is not None:
        print(json.dumps(measure(options.workspace, options.catalogue)))
        return
    cores = sorted(os.sched_getaffinity(0))[: options.cores]
    with tempfile.TemporaryDirectory() as folder:
        for run in ("fresh workspace", "nothing changed"):
            command = [
                sys.executable,
                __file__,
                "--workspace",
                f"{folder}/workspace",
                "--catalogue",
                str(options.catalogue),
            ]
            environment = os.environ | {
                "PYTHONPATH": str(ROOT),
                "OMP_NUM_THREADS": str(len(cores)),
                "RAYON_NUM_THREADS": str(len(cores)),
            }
            done = subprocess.run(
                command,
                stdout=subprocess.PIPE,
                text=True,
                check=True,
                env=environment,
                preexec_fn=lambda: os.sched_setaffinity(0, cores),
            )
            found = json.loads(done.stdout)
            steps = found.pop("steps")
            print(f"{run}, {len(cores)} cores: " + json.dumps(found))
            for what, seconds in steps.items():
                print(f"    {seconds:6.1f} s  {what}")


if __name__ == "__main__":
    main()
