"""What a night costs beside a refresh from nothing, what it measures, and how many of ten nearest titles stay.

    python -m benchmarks.nightly [--catalogue ../shared/data/catalogue | --workspace WS] [--share 0.01] [--reference]

The catalogue is ingested into a fresh workspace (or WS is copied), a hundredth of the facts between entities is taken
back and a release is made from nothing; then they are brought in again, as another source's, and the refresh of the
night follows. With --reference two more releases are made from nothing of all facts, of two seeds, and compared with
each other: what would stay of ten nearest if nights didn't go on from each other.

Every step is a process of its own; its CPU time is what it and its threads used, start-up and imports too. Threads that
wait for each other on a busy machine count as work: compare CPU times under OMP_NUM_THREADS=1.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

from embeddings.drift import drift
from embeddings.release import Release
from embeddings.release_build import build_release
from embeddings.stages import Stages
from kg.knowledge_graph import KnowledgeGraph

ROOT = Path(__file__).parents[1]


def timed(*command: str) -> dict[str, float]:
    """Run a command: its wall-clock and CPU seconds."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-m", *command], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": round(time.perf_counter() - began, 1), "cpu": round(cpu, 1)}


def figures(release: Release) -> dict[str, Any]:
    """What of a release's manifest is compared."""
    metrics = release.manifest["metrics"]
    useful, views = metrics["usefulness"], metrics.get("drift", {}).get("views", {})
    found = {"MRR": metrics["link_prediction"]["mrr"]}
    for where in ("near", "anywhere"):
        if useful["watched_too"]:
            found[f"watched too, {where}"] = useful["watched_too"][where]["fused"]["ndcg"]["mean"]
    if useful["adaptations"]:
        found["adaptations"] = useful["adaptations"]["films"]["fused"]["mrr"]["mean"]
    stages = release.manifest["stages"]
    return {
        "figures": {name: round(value, 4) for name, value in found.items()},
        "kept of ten": {name: view["unchanged"]["kept_of_ten"]["mean"] for name, view in views.items()},
        "stages": {name: {"seconds": each["seconds"], "cpu": each["cpu"]} for name, each in stages.items()},
    }


def hold_back(workspace: Path, share: float) -> Path:
    """Take a random share of the facts between entities back; returns the file that they are kept in."""
    kg = KnowledgeGraph.open(workspace)
    triples = kg.triples()
    some = triples.sample(frac=share, random_state=0)
    kg.retract(some[["head", "relation", "tail"]])
    file = workspace / "held back.parquet"
    some.to_parquet(file)
    return file


def from_nothing(workspace: Path, seed: int) -> Release:
    """A release of another seed, whatever was made before; what is held out stays."""
    kg = KnowledgeGraph.open(workspace)
    with tempfile.TemporaryDirectory() as scratch:
        return Release.open(build_release(kg, seed=seed, stages=Stages(Path(scratch))))


def show(what: str, found: dict[str, Any]) -> None:
    """One line a step, and one a stage."""
    stages = found.pop("stages", {})
    print(f"{what}: {json.dumps(found)}", flush=True)
    for name, took in stages.items():
        print(f"    {took['seconds']:7.1f} s {took['cpu']:7.1f} CPU s  {name}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--catalogue", type=Path, default=ROOT.parent / "shared" / "data" / "catalogue")
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--reference", action="store_true")
    parser.add_argument("--into", type=Path, help="leave the workspace here; default: nowhere")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = options.into or Path(folder) / "workspace"
        if options.workspace is not None:
            shutil.copytree(options.workspace, workspace)
        else:
            timed("titlegraph", "init", str(workspace))
            show("ingest", timed("titlegraph", "ingest", str(workspace), str(options.catalogue)))
        file = hold_back(workspace, options.share)
        first = timed("titlegraph", "refresh", str(workspace), "--force")  # a copied workspace may have a release
        show("from nothing", first | figures(Release.open(workspace)))
        back = pd.read_parquet(file)
        KnowledgeGraph.open(workspace).add_facts(back, source="nightly")
        night = timed("titlegraph", "refresh", str(workspace))
        show(f"night, {len(back):,} new facts", night | figures(Release.open(workspace)))
        print({name: round(first[name] / night[name], 2) for name in ("seconds", "cpu")}, flush=True)
        if options.reference:
            releases = [from_nothing(workspace, seed) for seed in (0, 1)]
            for release in releases:
                show("from nothing, all facts", figures(release))
            compared = drift(*releases)["views"]
            kept = {name: view["unchanged"]["kept_of_ten"]["mean"] for name, view in compared.items()}
            print(f"kept of ten between two seeds: {json.dumps(kept)}", flush=True)


if __name__ == "__main__":
    main()
