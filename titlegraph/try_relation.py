"""A trial: what a relation type bought, and what it cost."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from embeddings.catalogue import Catalogue, Facts
from embeddings.content.theme import theme_view
from embeddings.release_build import KnownFacts, ReleaseSettings, known_facts
from embeddings.trials.arm import Answers, answers
from embeddings.trials.exam import Exam
from kg.branch import branched
from kg.errors import UnknownRelation
from kg.knowledge_graph import KnowledgeGraph
from kg.snapshot import write_atomically
from titlegraph.declaring import declare, fill
from titlegraph.errors import NothingToTry
from titlegraph.progress import Progress
from titlegraph.refresh import release_settings
from titlegraph.trial import Trial, judged

FOLDER = "trials"


@dataclass(frozen=True, kw_only=True, eq=False)
class _Arm:
    """A workspace's facts, those that are learnt from, and the catalogue whose positions they have."""

    kg: KnowledgeGraph
    catalogue: Catalogue
    known: KnownFacts
    training: Facts

    @classmethod
    def of(cls, kg: KnowledgeGraph) -> _Arm:
        catalogue = Catalogue.of(kg)
        known = known_facts(kg, catalogue)
        return cls(kg=kg, catalogue=catalogue, known=known, training=known.facts[known.training])

    def without(self, relations: frozenset[str]) -> _Arm:
        stays = ~np.isin(self.training.relations, self.catalogue.numbers(relations))
        return dataclasses.replace(self, training=self.training[stays])


def try_relation(
    path: str | Path,
    relation: str,
    file: str | Path | None = None,
    *,
    domain: str | None = None,
    range_: str | None = None,
    mapping: str | Path | None = None,
    seeds: int = 3,
    progress: Progress | None = None,
) -> Trial:
    """Train with and without a relation, ask both the same, and say what it bought. The workspace stays as it is.

    Args:
        path: the workspace.
        relation: without `file` one that the workspace has: what would be lost without it. With `file` one that is
            filled from there, in a copy of the workspace: what it would bring.
        file: a table with the columns head and tail, or anything that `ingest` reads.
        domain, range_: of a relation that is not declared yet; default Title and Tag.
        mapping: a mapping file for `file`.
        seeds: how many trainings an arm.
        progress: told step, done, total.

    Returns:
        The trial, which is also kept in the workspace's folder ``trials``.

    Raises:
        NothingToTry: the relation has no facts to learn from, or fewer than two seeds are asked for.
        kg.errors.UnknownRelation, SchemaError, InputError, ingest.errors.IngestError, EmbeddingError: as they say.
    """
    if seeds < 2:
        raise NothingToTry(f"{seeds} trainings an arm tell nothing about chance; ask for 3 or more.")
    kg = KnowledgeGraph.open(path)
    settings = release_settings(kg.workspace.settings)
    tell = progress or (lambda *_: None)
    tell("reading the graph", 0, None)
    with branched(kg.workspace) if file is not None else nullcontext(kg) as trial:
        rejected = 0
        if file is not None:
            trial = declare(trial, relation, domain, range_)
            rejected = len(fill(trial, relation, Path(file), None if mapping is None else Path(mapping)))
        family = _family(trial, relation)
        tried = _Arm.of(trial)
        base = tried.without(family) if file is None else _Arm.of(kg)
        exam, facts = _exam(base, tried, family, settings, kg.workspace.seed)
        if not facts:
            raise NothingToTry(
                f"There are no facts of {relation} to learn from"
                + (f"; {rejected:,} rows of {file} could not be used." if file is not None else ".")
            )
        numbers = tuple(kg.workspace.seed + i for i in range(seeds))
        with_, without = _answers(exam, [tried, base], numbers, settings, kg.workspace.cache / FOLDER, tell)
        learnt_from = (len(base.training), len(tried.training))
        made = judged(
            relation, facts, rejected, exam, with_, without, base.catalogue, learnt_from, family, numbers, kg.version
        )
    folder = kg.workspace.path / FOLDER
    folder.mkdir(exist_ok=True)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{relation}.json"  # their order is that of the names
    write_atomically(folder / name, json.dumps(made.to_dict(), indent=1, ensure_ascii=False) + "\n")
    return made


def trials(path: str | Path) -> pd.DataFrame:
    """The trials kept with a workspace, newest first: made, relation, facts, verdict, and each figure's difference."""
    rows = []
    for file in sorted((Path(path) / FOLDER).glob("*.json"), reverse=True):
        try:
            about = json.loads(file.read_text(encoding="utf-8"))
            row = {name: about[name] for name in ("made", "relation", "facts", "version", "verdict")}
            rows.append(row | {figure["figure"]: figure["difference"] for figure in about["figures"]})
        except (ValueError, KeyError):
            continue
    return pd.DataFrame(rows)


# -- arms


def _family(kg: KnowledgeGraph, relation: str) -> frozenset[str]:
    """A relation and its inverse. Raises :class:`kg.errors.UnknownRelation`."""
    known = kg.schema.relation(relation)
    if known.identity:
        raise UnknownRelation(relation, [])
    return frozenset({known.name, known.inverse or known.name})


def _exam(base: _Arm, tried: _Arm, family: frozenset[str], settings: ReleaseSettings, seed: int) -> tuple[Exam, int]:
    """The questions, and how many facts of the relation there are to learn from."""
    known = base.known
    told = np.isin(tried.training.relations, tried.catalogue.numbers(family))
    exam = Exam.of(
        base.kg,
        base.catalogue,
        known.facts[known.held_out],
        known.facts[known.training],
        most=settings.most_measured,
        seed=seed,
    )
    # With a file it is the added facts that are tried.
    return exam, len(tried.training) - len(base.training) if base.kg is not tried.kg else int(told.sum())


def _answers(
    exam: Exam,
    arms: Sequence[_Arm],
    seeds: Sequence[int],
    settings: ReleaseSettings,
    cache: Path,
    tell: Progress,
) -> list[list[Answers]]:
    found: list[list[Answers]] = []
    weights = {name: settings.view_weights.get(name, 1.0) for name in ("graph", "theme")}
    total = len(arms) * len(seeds)
    for number, arm in enumerate(arms):
        step = f"{'without' if number else 'with'} the relation"
        tell(f"{step}: themes", number * len(seeds), total)
        theme = theme_view(
            arm.catalogue,
            arm.training,
            arm.kg.workspace.cache / "texts",
            weights=settings.theme_weights,
            dim=settings.dim,
            seed=0,
        )
        row = []
        for i, seed in enumerate(seeds):
            tell(f"{step}: training {i + 1} of {len(seeds)}", number * len(seeds) + i, total)
            graph = dataclasses.replace(settings.graph, seed=seed)
            row.append(
                answers(exam, arm.catalogue, arm.training, theme, graph, weights=weights, dim=settings.dim, cache=cache)
            )
        found.append(row)
    return found
