"""Probabilities of missing facts: fitted on held-out validation facts, measured on the held-out test facts."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from embeddings.catalogue import Catalogue, Facts
from embeddings.graph import GraphModel, Triples
from embeddings.graph.calibration import EdgeCalibration, calibrate
from embeddings.graph.errors import CalibrationError
from embeddings.links import entity_types, triples_of

#: Where it stands in a release.
CALIBRATION = "edges/calibration.json"
_MOST = 2_000  # facts of each part: both sides of each are asked of every candidate


def edge_probabilities(
    model: GraphModel, catalogue: Catalogue, training: Facts, validation: Facts, test: Facts, *, seed: int
) -> tuple[EdgeCalibration | None, dict[str, Any]]:
    """A calibration, and its figures ready for JSON; None, and why, where too little is held out.

    At most 2,000 facts of `validation` and of `test` are used, a random choice that the seed fixes; all of both are
    known when the others are asked about.
    """
    rows = catalogue.entities["row"].to_numpy(np.int64)
    types = entity_types(catalogue, rows)
    known, fitting, measuring = (triples_of(facts, rows, types) for facts in (training, validation, test))
    rng = np.random.default_rng(seed)
    # A row that was merged into another since the model learnt it is nobody's answer.
    model = dataclasses.replace(model, seen=model.seen & np.isin(np.arange(model.num_entities), rows))
    try:
        found = calibrate(model, _some(fitting, rng), _some(measuring, rng), [known, fitting, measuring], types=types)
    except CalibrationError as error:
        return None, {"protocol": f"Not measured: {error}."}
    about = {
        "error": found.reliability.error,
        "top_error": found.top_reliability.error,
        "reliability": found.reliability.to_dict(),
        "top_reliability": found.top_reliability.to_dict(),
        "protocol": found.protocol,
    }
    return found, about


def _some(facts: Triples, rng: np.random.Generator) -> Triples:
    return facts if len(facts) <= _MOST else facts[np.sort(rng.choice(len(facts), _MOST, replace=False))]
