"""Entity resolution: which identifiers of different sources name one thing.

Identifiers that sources themselves declare the same come first. What is left is compared pair by pair, within blocks of
one name, by the weight of the evidence; a pair is merged where the weight is enough and no other candidate is nearly as
good. Merges are ``same_as`` facts of the sources ``resolution/<kind>``, weighted by confidence; pairs that are alike
but not enough, or not alone, are ``possibly_same_as``. ``KnowledgeGraph.unmerge`` undoes a merge for good.
"""

from __future__ import annotations

import pandas as pd

from ingest.resolution import books, charts, conflicts, people, titles, words
from ingest.resolution.decisions import confidence, decide
from ingest.resolution.evidence import Evidence
from ingest.resolution.report import ResolutionReport
from ingest.resolution.things import OWN, Things
from kg.knowledge_graph import KnowledgeGraph
from kg.tables import Batch

__all__ = ["KINDS", "ResolutionReport", "resolve"]

#: In this order: people are known by their works, so works come first.
KINDS = ("titles", "charts", "books", "people", "tags", "companies", "franchises")


def resolve(kg: KnowledgeGraph) -> ResolutionReport:
    """Find what is one thing under several identifiers, and write it into the workspace.

    What is written depends on the statements of the other sources alone: resolving again changes nothing, and what
    no longer follows from them is taken back.
    """
    things = Things.read(kg)
    evidence, groups = Evidence(things), things.groups
    found = {"titles": titles.match(evidence, charts.chart_things(things)), "charts": charts.match(evidence)}
    for kind, candidates in (
        ("books", books.candidates),
        ("people", people.candidates),
        ("tags", words.keywords),
        ("companies", words.companies),
        ("franchises", words.franchises),
    ):
        found[kind] = decide(candidates(evidence), groups)
    merges, ambiguous = (
        pd.concat([_named(things, found[kind][part], kind) for kind in KINDS], ignore_index=True) for part in (0, 1)
    )
    report = ResolutionReport(
        by_identifier=len(things.members) - len(things),
        merges=merges,
        ambiguous=ambiguous,
        conflicts=conflicts.find(evidence),
    )
    kg.replace_all([_batch(kind, report) for kind in KINDS], read_from={})
    return report


def _named(things: Things, pairs: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Pairs of things as pairs of identifiers, in the order of the alphabet: kind, a, b, confidence, evidence."""
    a, b = pairs["a"].map(things.ids), pairs["b"].map(things.ids)
    frame = pd.DataFrame({"kind": kind, "a": a.where(a < b, b), "b": b.where(a < b, a)})
    frame = frame.assign(confidence=confidence(pairs["bits"]), evidence=pairs["evidence"])
    return frame.sort_values(["a", "b"], ignore_index=True)


def _batch(kind: str, report: ResolutionReport) -> Batch:
    """What the report says of `kind`, as facts."""
    stated = {"same_as": report.merges, "possibly_same_as": report.ambiguous}
    pairs = pd.concat([frame.assign(relation=relation) for relation, frame in stated.items()], ignore_index=True)
    facts = pairs[pairs["kind"] == kind].rename(columns={"a": "head", "b": "tail", "confidence": "weight"})
    return Batch(source=OWN + kind, facts=facts[["head", "relation", "tail", "weight"]])
