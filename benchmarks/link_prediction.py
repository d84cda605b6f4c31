"""Train TransE with the defaults on a folder of facts and measure it: quality, protocol, times, memory.

    python -m benchmarks.link_prediction DIR [--json] [--seeds 3] [--set dim=200 --set epochs=20]

The clock starts before the files are read and before torch is imported.
"""

from __future__ import annotations

import time

_BEGAN = time.perf_counter()

import argparse  # noqa: E402
import json  # noqa: E402
import statistics  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from benchmarks.graph_files import Splits, peak_memory_bytes, read_splits  # noqa: E402
from embeddings.graph import GraphSettings, evaluate, train  # noqa: E402


def measure(splits: Splits, settings: GraphSettings, *, quiet: bool) -> dict[str, Any]:
    """One training and its evaluation on the test and the validation set."""

    def report(record: dict[str, Any]) -> None:
        if not quiet:
            epoch = f"epoch {record['epoch']:3d}/{record['epochs']}"
            print(f"  {epoch}  loss {record['loss']:.4f}  {record['seconds']:.1f} s", file=sys.stderr)

    began = time.perf_counter()
    model = train(splits.train, settings, progress=report)
    trained = time.perf_counter()
    test = evaluate(model, splits.test, [splits.train, splits.valid], relation_names=splits.relations)
    evaluated = time.perf_counter()
    valid = evaluate(model, splits.valid, [splits.train, splits.test])
    return {
        "seed": settings.seed,
        "test": test.to_dict(),
        "valid": {"mrr": valid.mrr, "hits@1": valid.hits_at(1), "hits@10": valid.hits_at(10)},
        "seconds": {"train": trained - began, "evaluate": evaluated - trained},
        "protocol": test.protocol,
        "settings": model.settings.to_dict(),
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder with train, valid and test files")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--seeds", type=int, default=1, help="trainings, with seeds 0, 1, …")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting other than default")
    options = parser.parse_args(arguments)
    changes = dict(pair.split("=", 1) for pair in options.set)
    values = {name: _value(text) for name, text in changes.items()}

    splits = read_splits(options.folder)
    read = time.perf_counter() - _BEGAN
    runs = []
    for seed in range(options.seeds):
        settings = GraphSettings.from_dict({**values, "seed": seed})
        runs.append(measure(splits, settings, quiet=options.json))
    summary = summarise(runs, read)
    if options.json:
        print(json.dumps(summary))
        return
    print(f"{options.folder.name}: {splits.train!r}")
    for run in runs:
        seconds = run["seconds"]
        print(
            f"  seed {run['seed']}: test MRR {run['test']['mrr']:.4f}  hits@1 {run['test']['hits@1']:.4f}  "
            f"hits@10 {run['test']['hits@10']:.4f}  (valid {run['valid']['mrr']:.4f})  "
            f"train {seconds['train']:.1f} s  evaluate {seconds['evaluate']:.1f} s"
        )
    low, high = runs[0]["test"]["interval"]
    print(f"  mean test MRR {summary['test']['mrr']:.4f} (95 % of the first seed: {low:.4f} – {high:.4f})")
    print(f"  from raw files to the test figures {summary['seconds']['total']:.1f} s a seed")
    print(f"  peak memory {summary['peak_memory_bytes'] / 2**20:.0f} MiB")
    print(f"  protocol: {summary['protocol']}")


def summarise(runs: list[dict[str, Any]], read: float) -> dict[str, Any]:
    """Means over the seeds; total seconds are those of one seed: reading, training, testing."""
    names = ("mrr", "hits@1", "hits@3", "hits@10")
    test = {name: statistics.fmean(run["test"][name] for run in runs) for name in names}
    seconds = {part: statistics.fmean(run["seconds"][part] for run in runs) for part in ("train", "evaluate")}
    return {
        "test": test,
        "seconds": {"total": read + sum(seconds.values()), "read": read, **seconds},
        "peak_memory_bytes": peak_memory_bytes(),
        "protocol": runs[0]["protocol"],
        "runs": runs,
    }


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


if __name__ == "__main__":
    main()
