"""How fast a release answers, and against what else one might use.

    python -m benchmarks.queries [--titles 100000] [--json] [--baselines numpy,faiss,usearch] [--keep FOLDER]

A release of so many made-up titles is written, and each figure is taken in a process of its own: medians of wall time
over different titles, after one question that warms up, and of CPU time, which says more where others use the machine.
`ratio` is a baseline's time by ours, both in the same process.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

REPEATED, ASKED, K = 5, 100, 10
BASELINES = ("numpy", "faiss", "usearch")
_FIRST = "from titlegraph import TitleSpace; print(TitleSpace.open({path!r}).similar('title:1', evidence=False))"


def medians(ask: Callable[[Any], object], questions: list[Any]) -> dict[str, float]:
    """Median wall and CPU time of one question in milliseconds; the first only warms up."""
    ask(questions[0])
    times = []
    for question in questions[1:]:
        wall, cpu = time.perf_counter(), time.process_time()
        ask(question)
        times.append((time.perf_counter() - wall, time.process_time() - cpu))
    wall, cpu = np.median(times, axis=0)
    return {"ms": round(1000 * float(wall), 3), "cpu_ms": round(1000 * float(cpu), 3)}


def memory() -> dict[str, float]:
    """Resident MiB of this process: all, and what is its own (the rest are mapped files)."""
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="utf-8").splitlines()[1:]
    sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return {"resident": round(sizes["Rss"] / 1024, 1), "own": round(sizes["Anonymous"] / 1024, 1)}


def measure_opening(path: Path) -> dict[str, float]:
    """Seconds of whole processes: pandas alone, and import, opening and first answer."""

    def seconds(code: str) -> float:
        times = []
        for _ in range(REPEATED):
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
            times.append(time.perf_counter() - started)
        return round(float(np.median(times)), 3)

    return {
        "pandas_alone_s": seconds("import pandas"),
        "open_and_first_answer_s": seconds(_FIRST.format(path=str(path))),
    }


def measure_memory(path: Path) -> dict[str, dict[str, float]]:
    """Memory before, after opening, and after questions in every view."""
    from titlegraph import TitleSpace

    found = {"imported": memory()}
    space = TitleSpace.open(path)
    found["opened"] = memory()
    space.similar("title:1", evidence=False)
    found["after_a_question"] = memory()
    for view in space.views["view"]:
        space.similar(space.vectors(view=view).index[0] if view == "audience" else "title:1", view=view)
    found["after_every_view"] = memory()
    return found


def measure_questions(path: Path, baselines: list[str]) -> dict[str, Any]:
    """Milliseconds a question, seconds for ten thousand at once, recall, and baselines."""
    from benchmarks.synthetic_release import ONE_PERCENT
    from titlegraph import TitleSpace

    space = TitleSpace.open(path)
    vectors = np.load(path / "vectors" / "fused.npy", mmap_mode="r")
    rng = np.random.default_rng(1)
    asked = rng.choice(len(vectors), ASKED + 1, replace=False).tolist()
    names = [f"title:{i}" for i in asked]
    found: dict[str, Any] = {
        "similar": medians(lambda name: space.similar(name, evidence=False), names),
        "similar_with_evidence": medians(lambda name: space.similar(name), names),
        "similar_filtered": medians(
            lambda name: space.similar(name, where={"genre": ONE_PERCENT}, evidence=False), names
        ),
        "search_alone": medians(
            lambda i: space._answers.vectors.nearest(
                "fused", vectors[[i]], K, np.ones(len(vectors), bool), np.array([i])
            ),
            asked,
        ),
    }
    many = [f"title:{i}" for i in rng.choice(len(vectors), min(10_000, len(vectors)), replace=False)]
    wall, cpu = time.perf_counter(), time.process_time()
    space.similar(many, evidence=False)
    found["ten_thousand_at_once_s"] = round(time.perf_counter() - wall, 2)
    found["ten_thousand_at_once_cpu_s"] = round(time.process_time() - cpu, 2)
    hits = []
    for i in asked:
        scores = vectors @ vectors[i]
        scores[i] = -np.inf
        true = {f"title:{at}" for at in np.argpartition(-scores, K)[:K]}
        hits.append(len(true & set(space.similar(f"title:{i}", evidence=False)["id"])) / K)
    found["recall@10"] = round(float(np.mean(hits)), 4)
    found["baselines"] = {name: _BASELINES[name](np.asarray(vectors), asked) for name in baselines}
    for baseline in found["baselines"].values():
        baseline["ratio"] = round(baseline["ms"] / found["search_alone"]["ms"], 2)
    return found


def _numpy(vectors: np.ndarray[Any, Any], asked: list[int]) -> dict[str, float]:
    """All products, the best by partition: what gensim's KeyedVectors does."""

    def ask(i: int) -> object:
        scores = vectors @ vectors[i]
        best = np.argpartition(-scores, K + 1)[: K + 1]
        return best[np.argsort(-scores[best])]

    return medians(ask, asked) | {"recall@10": 1.0}


def _faiss(vectors: np.ndarray[Any, Any], asked: list[int]) -> dict[str, float]:
    """Faiss's exact index."""
    import faiss

    started = time.perf_counter()
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(np.ascontiguousarray(vectors))
    built = time.perf_counter() - started
    found = medians(lambda i: index.search(vectors[[i]], K + 1), asked)
    return found | {"built_s": round(built, 1), "recall@10": 1.0}


def _usearch(vectors: np.ndarray[Any, Any], asked: list[int]) -> dict[str, float]:
    """USearch's graph in half precision, as it comes but for a wider search."""
    from usearch.index import Index

    started = time.perf_counter()
    index = Index(ndim=vectors.shape[1], metric="ip", dtype="f16", expansion_search=128)
    index.add(np.arange(len(vectors)), np.ascontiguousarray(vectors))
    built = time.perf_counter() - started
    hits = []
    for i in asked:
        scores = vectors @ vectors[i]
        true = np.argpartition(-scores, K + 1)[: K + 1]
        hits.append(len(set(true.tolist()) & set(index.search(vectors[i], K + 1).keys.tolist())) / (K + 1))
    found = medians(lambda i: index.search(vectors[i], K + 1), asked)
    return found | {"built_s": round(built, 1), "recall@10": round(float(np.mean(hits)), 4)}


_BASELINES = {"numpy": _numpy, "faiss": _faiss, "usearch": _usearch}
_PARTS = ("opening", "memory", "questions")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--titles", type=int, default=100_000)
    parser.add_argument("--baselines", default=",".join(BASELINES), help="which, comma separated; may be empty")
    parser.add_argument("--keep", type=Path, help="write the release there, or use the one that is there")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--part", choices=_PARTS, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    baselines = [name for name in options.baselines.split(",") if name]
    if options.part:
        part = {
            "opening": lambda: measure_opening(options.keep),
            "memory": lambda: measure_memory(options.keep),
            "questions": lambda: measure_questions(options.keep, baselines),
        }[options.part]()
        print(json.dumps(part))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        started = time.perf_counter()
        kept = sorted(folder.glob("*/manifest.json")) if folder.is_dir() else []
        if kept:
            path = kept[-1].parent
        else:
            from benchmarks.synthetic_release import write

            path = write(folder, options.titles)
        manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
        found: dict[str, Any] = {"titles": manifest["num_titles"], "index": manifest["metrics"]["index"].get("fused")}
        if not kept:
            found["release_written_s"] = round(time.perf_counter() - started, 1)
        for part in _PARTS:
            command = [sys.executable, "-m", "benchmarks.queries", "--part", part, "--keep", str(path)]
            done = subprocess.run([*command, "--baselines", options.baselines], check=True, stdout=subprocess.PIPE)
            found[part] = json.loads(done.stdout)
    print(json.dumps(found, indent=None if options.json else 1))


if __name__ == "__main__":
    main()
