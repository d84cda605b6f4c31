"""The audience model of a release."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from embeddings.catalogue import Catalogue, Facts
from embeddings.prediction.inputs import NAMES, PEOPLE, TitleInputs, bag, spelling
from embeddings.prediction.model import FOLDER, AudienceModel, fit_audience
from embeddings.release_writer import Folder
from embeddings.views import View

#: Bags that facts fill: the types of their items.
BAGS = {"tags": ("Tag", "Genre"), PEOPLE: ("Person",), "countries": ("Country",), "languages": ("Language",)}
#: The bag that the table of titles fills.
KIND = "kind"
#: Views that know nothing of audiences; the others would bring a title's own answer.
VIEWS = ("graph", "theme")


def write_audience_model(
    out: Folder,
    catalogue: Catalogue,
    facts: Facts,
    views: Sequence[View],
    sizes: pd.DataFrame,
    *,
    weeks: int,
    start: AudienceModel | None = None,
    seed: int,
) -> dict[str, Any]:
    """Learn from `sizes` and write the folder; what was measured, by unit. See :func:`fit_audience`."""
    inputs = inputs_of(catalogue, facts, [part for part in views if part.name in VIEWS])
    titles = catalogue.titles
    launches = pd.to_datetime(titles["launch"]).to_numpy().astype("datetime64[D]")
    relations = {name: sorted(some) for name, some in relations_of(catalogue).items()}
    model: AudienceModel = fit_audience(
        sizes, inputs, titles["id"].tolist(), launches, weeks=weeks, relations=relations, start=start, seed=seed
    )
    model.save(out.file(f"{FOLDER}/model.json").parent)
    return model.report


def inputs_of(catalogue: Catalogue, facts: Facts, views: Sequence[View]) -> TitleInputs:
    """The inputs of every title of a catalogue.

    Args:
        catalogue: whose titles, T of them.
        facts: what may be learnt from.
        views: whose vectors count; none of them made from audiences, or a title would bring its own answer.
    """
    ids, labels = (catalogue.entities[name].to_numpy(dtype=str) for name in ("id", "label"))
    bags = {}
    for name, relations in relations_of(catalogue).items():
        at = np.isin(facts.relations, catalogue.numbers(relations)) & (facts.heads < catalogue.num_titles)
        bags[name] = bag(facts.heads[at], ids[facts.tails[at]])
        if name == PEOPLE:
            bags[NAMES] = spelling(facts.heads[at], labels[facts.tails[at]])
    kinds = catalogue.titles["kind"]
    known = np.flatnonzero(kinds.notna())
    bags[KIND] = bag(known, kinds.to_numpy()[known])
    return TitleInputs(count=catalogue.num_titles, vectors={view.name: view.vectors for view in views}, bags=bags)


def relations_of(catalogue: Catalogue) -> dict[str, frozenset[str]]:
    """Names of the relations whose tails fill each bag."""
    return {name: catalogue.describing(*types) for name, types in BAGS.items()}
