"""All facts of a snapshot, and what each is for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from embeddings.catalogue import Catalogue, Facts
from embeddings.views import BoolArray
from kg.holdout import split
from kg.knowledge_graph import KnowledgeGraph

#: Share of the facts of each relation that probabilities are fitted on, and settings are chosen by.
VALIDATION = 0.01


@dataclass(frozen=True, kw_only=True, eq=False)
class KnownFacts:
    """All facts; which of them train, which fit probabilities, and which are measured: bool [n].

    What gives answers away does none of it.
    """

    facts: Facts
    training: BoolArray
    validation: BoolArray
    held_out: BoolArray
    protocol: str


def known_facts(kg: KnowledgeGraph, catalogue: Catalogue) -> KnownFacts:
    """The facts of a snapshot, and what each is for, as the workspace's settings say."""
    halves = split(kg, valid=kg.workspace.settings.get("holdout", {}).get("valid", VALIDATION))
    parts = [halves.train, halves.test, halves.valid, halves.withheld]
    facts, known = catalogue.numbered(pd.concat(parts, ignore_index=True))
    part = np.repeat(np.arange(len(parts)), [len(each) for each in parts])[known]
    open_ = ~np.isin(facts.relations, catalogue.numbers(catalogue.hidden))
    training, held_out, validation = ((part == number) & open_ for number in range(3))
    return KnownFacts(
        facts=facts, training=training, validation=validation, held_out=held_out, protocol=halves.protocol
    )
