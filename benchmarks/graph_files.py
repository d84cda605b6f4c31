"""Benchmark folders: train, valid and test files of facts, read into `Triples`."""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from embeddings.graph import Triples

SPLITS = {"train": ("train", "training"), "valid": ("valid", "validation", "dev"), "test": ("test", "testing")}
SUFFIXES = (".txt", ".tsv", ".csv", "")
HEADERS = ({"head", "relation", "tail"}, {"subject", "predicate", "object"}, {"h", "r", "t"})


@dataclass(frozen=True)
class Splits:
    """The three parts over one numbering, and the labels behind the numbers."""

    train: Triples
    valid: Triples
    test: Triples
    entities: list[str]
    relations: list[str]


def read_splits(folder: Path) -> Splits:
    """Read a folder of head, relation, tail files: tab or comma separated, ids or labels, with or without a header.

    Entities and relations are numbered in the order in which they first appear in train, valid, test.
    """
    frames = {split: _read(_find(folder, names)) for split, names in SPLITS.items()}
    everything = pd.concat(frames.values(), ignore_index=True)
    nodes, entities = pd.factorize(pd.concat([everything["head"], everything["tail"]], ignore_index=True))
    edges, relations = pd.factorize(everything["relation"])
    heads, tails = np.split(nodes, 2)
    parts, start = {}, 0
    for split, frame in frames.items():
        rows = slice(start, start + len(frame))
        start += len(frame)
        parts[split] = Triples(
            heads=heads[rows],
            relations=edges[rows],
            tails=tails[rows],
            num_entities=len(entities),
            num_relations=len(relations),
        )
    return Splits(**parts, entities=list(entities), relations=list(relations))


def read_facts(path: Path) -> tuple[Triples, list[str], list[str]]:
    """One table of facts, each once, with the labels of entities and relations."""
    frame = _read(path).drop_duplicates()
    nodes, entities = pd.factorize(pd.concat([frame["head"], frame["tail"]], ignore_index=True))
    edges, relations = pd.factorize(frame["relation"])
    array = np.stack([nodes[: len(frame)], edges, nodes[len(frame) :]], axis=1)
    facts = Triples.from_array(array, num_entities=len(entities), num_relations=len(relations))
    return facts, list(entities), list(relations)


def _find(folder: Path, names: tuple[str, ...]) -> Path:
    for name in names:
        for suffix in SUFFIXES:
            if (folder / f"{name}{suffix}").is_file():
                return folder / f"{name}{suffix}"
    sys.exit(f"{folder} has no file named {names[0]}.txt, .tsv or .csv")


def _read(path: Path) -> pd.DataFrame:
    with path.open(encoding="utf-8") as file:
        first = file.readline()
    tabs = "\t" in first
    frame = pd.read_csv(
        path,
        sep="\t" if tabs else ",",
        header=None,
        names=["head", "relation", "tail"],
        usecols=[0, 1, 2],
        dtype=str,
        keep_default_na=False,
        quoting=3 if tabs else 0,
        encoding="utf-8",
    )
    if len(frame) and {value.strip().lower() for value in frame.iloc[0]} in HEADERS:
        frame = frame.iloc[1:]
    return frame


def peak_memory_bytes() -> int:
    """The most resident memory this process has had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
