"""One training of one arm, examined."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from embeddings.catalogue import Catalogue, Facts
from embeddings.drift import nearest
from embeddings.errors import ExtraMissing
from embeddings.fusion import fuse
from embeddings.graph import GraphSettings, Triples, evaluate
from embeddings.links import entity_types, triples_of, without_types
from embeddings.memory import Peak
from embeddings.trials.exam import Exam
from embeddings.views import FloatArray, IntArray, View, view

#: Part of every key: raise it when what an arm does changes.
VERSION = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """How one training did.

    Attributes:
        reciprocal: reciprocal ranks of the n held-out facts, tails asked first and then heads, float64 [2n].
        coviewing: as :meth:`Exam.coviewing_of` gives it, [T].
        errors: as :meth:`Exam.audience_errors` gives it.
        nearest: the ten nearest of the titles that are looked at, int64 [m, 10], as titles 0 … T−1.
        seconds: of training; peak: most memory while it ran, in bytes.
    """

    reciprocal: npt.NDArray[np.float64]
    coviewing: FloatArray
    errors: FloatArray
    nearest: IntArray
    seconds: float
    peak: float


def answers(
    exam: Exam,
    catalogue: Catalogue,
    training: Facts,
    theme: View,
    settings: GraphSettings,
    *,
    weights: dict[str, float],
    dim: int,
    cache: Path,
    progress: Callable[[float], None] | None = None,
) -> Answers:
    """Train the graph on `training`, fuse it with `theme`, and answer the exam; or remember having done so.

    Args:
        exam: the questions.
        catalogue: of this arm; its rows are those of the exam, and perhaps more.
        training: facts over its positions.
        theme: of its titles.
        settings: of the training, the seed among them.
        weights, dim: of the fused view.
        cache: a folder that keeps answers by all that they depend on.
        progress: told the share of the training that is done.
    """
    rows = catalogue.entities["row"].to_numpy(np.int64)
    triples = triples_of(training, rows, entity_types(catalogue, rows))
    file = cache / f"{_key(exam, triples, theme, settings, weights, dim)}.npz"
    if (known := _load(file)) is not None:
        return known
    made = _answers(exam, catalogue, triples, theme, settings, weights, dim, progress)
    _save(file, made)
    return made


def _answers(
    exam: Exam,
    catalogue: Catalogue,
    triples: Triples,
    theme: View,
    settings: GraphSettings,
    weights: dict[str, float],
    dim: int,
    progress: Callable[[float], None] | None,
) -> Answers:
    try:
        from embeddings.graph import train
    except ImportError as error:
        raise ExtraMissing(str(error.name), "Trying a relation") from error

    def report(record: dict[str, Any]) -> None:
        if progress is not None:
            progress(record["epoch"] / record["epochs"])

    with Peak() as memory:
        began = time.perf_counter()
        model = train(triples, settings, progress=report)
        seconds = time.perf_counter() - began
    relations = {relation.name: number for number, relation in enumerate(catalogue.relations)}
    test = dataclasses.replace(
        triples[:0],
        heads=exam.heads,
        relations=np.array([relations[exam.names[r]] for r in exam.relations], dtype=np.int64),
        tails=exam.tails,
    )
    candidates = np.zeros(model.num_entities, dtype=bool)
    candidates[exam.candidates] = True
    reciprocal = np.zeros(0)
    if len(test):
        report_of = evaluate(model, test, [triples], candidates=candidates)
        reciprocal = 1 / np.asarray(report_of.ranks.realistic, dtype=np.float64)

    rows = catalogue.entities["row"].to_numpy(np.int64)
    vectors, _ = without_types(model.entities[rows], model.seen[rows], catalogue)
    graph = view("graph", vectors[: catalogue.num_titles], "")
    fused = view("fused", fuse([graph, theme], weights, dim=dim), "")
    place = np.full(int(max(rows.max(initial=0), exam.titles.max(initial=0))) + 1, -1, dtype=np.int64)
    place[rows[: catalogue.num_titles]] = np.arange(catalogue.num_titles)
    at = place[exam.titles]
    vectors = np.where(at[:, None] >= 0, fused.vectors[at], np.float32(0))
    present = (at >= 0) & fused.present[at]
    return Answers(
        reciprocal=reciprocal,
        coviewing=exam.coviewing_of(vectors, present, nearest),
        errors=exam.audience_errors(vectors, present),
        nearest=nearest(vectors, present, exam.looked_at, 10),
        seconds=seconds,
        peak=float(memory.bytes),
    )


def _key(
    exam: Exam, triples: Triples, theme: View, settings: GraphSettings, weights: dict[str, float], dim: int
) -> str:
    digest = hashlib.sha256(exam.digest.encode())
    about = [VERSION, settings.to_dict(), sorted(weights.items()), dim, triples.num_entities, triples.num_relations]
    digest.update(json.dumps(about).encode())
    for array in (triples.heads, triples.relations, triples.tails, theme.vectors):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:32]


def _save(file: Path, made: Answers) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.stem}.{os.getpid()}.npz")
    values: dict[str, Any] = {field.name: getattr(made, field.name) for field in dataclasses.fields(made)}
    np.savez(draft, **values)
    os.replace(draft, file)


def _load(file: Path) -> Answers | None:
    """What was saved; None where nothing was, or it can't be read."""
    try:
        with np.load(file, allow_pickle=False) as saved:
            values = {field.name: saved[field.name] for field in dataclasses.fields(Answers)}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    return Answers(**values | {name: float(values[name]) for name in ("seconds", "peak")})
