"""What a refresh needs of time and memory before it trains, on tables of 20 million rows each.

    python -m benchmarks.scale [--rows 20000000] [--workspace FOLDER] [--json]

A synthetic workspace: facts, entities and audience sizes, so many rows of each; a twenty-fifth of the entities are
titles, the rest people and tags, as unevenly popular as they are. Each step runs in a process of its own, so that its
peak of memory is its own:

- entities, facts, audience: one table of Arrow columns taken in by `KnowledgeGraph.add`: validated, deduplicated, rows
  given, written, hashed, committed.
- verify: the hash of every file of the tables, as at the beginning of each refresh.
- read: what a refresh reads and derives before it trains (`Build.read`, hashes of the stages' inputs, the triples that
  training gets), which is all of it up to the training step.
- night: a hundredth more facts taken in.

A step whose output is there is not done again: with --workspace a run may be cut short and go on. Seconds are
wall-clock; `cpu` are the process's own; `peak_gib` is the most memory resident.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kg import Batch, KnowledgeGraph

STEPS = ("entities", "facts", "audience", "verify", "read", "night")
COUNTRIES = 40


def entities(rows: int) -> pa.Table:
    """Titles first, then people, then tags."""
    titles, tags = titles_of(rows), tags_of(rows)
    people = rows - titles - tags
    kind = np.repeat([0, 1, 2], [titles, people, tags])
    number = np.concatenate([np.arange(titles), np.arange(people), np.arange(tags)])
    ids = _named(["imdb:tt", "imdbname:nm", "tag:t"], kind, number)
    return pa.table(
        {
            "id": ids,
            "type": pa.DictionaryArray.from_arrays(pa.array(kind, pa.int8()), ["Film", "Person", "Storyline"]).cast(
                pa.string()
            ),
            "label": _named(["Film ", "Person ", "tag "], kind, number),
        }
    )


def facts(rows: int, *, seed: int = 0) -> pa.Table:
    """Who starred in what, who directed it, what it is about; the first of each sort are the most popular."""
    rng = np.random.default_rng(seed)
    titles, tags = titles_of(rows), tags_of(rows)
    people = rows - titles - tags
    kind = rng.choice(3, rows, p=[0.5, 0.1, 0.4])
    size = np.array([people, people, tags])[kind]
    which = (size * rng.random(rows) ** 2).astype(np.int64)
    relations = pa.DictionaryArray.from_arrays(pa.array(kind, pa.int8()), ["starring", "directed_by", "storyline"])
    return pa.table(
        {
            "head": _named(["imdb:tt"], np.zeros(rows, dtype=np.int64), rng.integers(titles, size=rows)),
            "relation": relations.cast(pa.string()),
            "tail": _named(["imdbname:nm", "imdbname:nm", "tag:t"], kind, which),
        }
    )


def audience(rows: int) -> pa.Table:
    """Sizes of titles by country and week."""
    titles = titles_of(rows)
    at = np.arange(rows)
    weeks = np.datetime64("2024-01-01") + 7 * (at // (titles * COUNTRIES))
    codes = pa.array([f"{chr(65 + n // 26)}{chr(65 + n % 26)}" for n in range(COUNTRIES)])
    return pa.table(
        {
            "title": _named(["imdb:tt"], np.zeros(rows, dtype=np.int64), at % titles),
            "country": codes.take(pa.array((at // titles) % COUNTRIES)),
            "size": pa.array(1000.0 + at % 977),
            "unit": pa.repeat(pa.scalar("views"), rows),
            "period_start": pa.array(weeks.astype("datetime64[D]")),
        }
    )


def titles_of(rows: int) -> int:
    return max(rows // 25, 1)


def tags_of(rows: int) -> int:
    return max(rows // 100, 1)


def _named(prefixes: list[str], kind: np.ndarray[Any, Any], number: np.ndarray[Any, Any]) -> pa.Array:
    """Prefix and number as one text each, [n]."""
    starts = pa.array(prefixes).take(pa.array(kind))
    return pc.binary_join_element_wise(starts, pa.array(number).cast(pa.string()), "")


def do(step: str, path: Path, rows: int) -> dict[str, Any]:
    """One step, in this process."""
    kg = KnowledgeGraph.open(path)
    if step in ("entities", "facts", "audience"):
        made = {"entities": entities, "facts": facts, "audience": audience}[step](rows)
        change = kg.add(Batch(source="synthetic", **{step: made}))
        return {"rows": change.added[step], "rejected": len(change.rejected)}
    if step == "night":
        change = kg.add(Batch(source="tonight", facts=facts(rows, seed=1).slice(0, rows // 100)))
        return {"rows": change.added["facts"]}
    if step == "verify":
        kg.verify()
        return {}
    from embeddings.release_stages import Build
    from embeddings.stages import Stages
    from titlegraph.refresh import release_settings

    build = Build(
        kg, release_settings(kg.workspace.settings), seed=kg.workspace.seed, stages=Stages(path / "cache" / "stages")
    )
    build.read()
    keyed = build.graph_inputs
    return {"facts": len(build.training), "entities": len(build.catalogue), "sizes": len(build.sizes), **_short(keyed)}


def _short(inputs: dict[str, Any]) -> dict[str, str]:
    return {"key": str(inputs["facts"])[:12]}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=20_000_000)
    arguments.add_argument("--workspace", type=Path)
    arguments.add_argument("--step", choices=STEPS)
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    if given.step:
        began = time.perf_counter()
        done = do(given.step, given.workspace, given.rows)
        spent = {"seconds": round(time.perf_counter() - began, 1), "cpu": round(time.process_time(), 1)}
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 2**30
        print(json.dumps(done | spent | {"peak_gib": round(peak, 2)}))
        return
    with tempfile.TemporaryDirectory() as scratch:
        path = given.workspace or Path(scratch) / "w"
        if not path.exists():
            KnowledgeGraph.create(path)
        kept = path / "steps.json"
        figures: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {}
        for step in STEPS:
            if step not in figures:
                command = [sys.executable, "-m", "benchmarks.scale", "--step", step, "--workspace", str(path)]
                done = subprocess.run([*command, "--rows", str(given.rows)], capture_output=True, text=True)
                if done.returncode:
                    sys.exit(f"{step}: exit code {done.returncode}\n{done.stderr[-2000:]}")
                figures[step] = json.loads(done.stdout)
                kept.write_text(json.dumps(figures))
            if not given.json:
                print(f"{step:9}", "  ".join(f"{name} {value}" for name, value in figures[step].items()), flush=True)
        if given.json:
            print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
