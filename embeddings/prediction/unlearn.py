"""A model of audiences as it would be had one of its titles never been seen: for asking what if about that title."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from embeddings.prediction.blocks import Blocks, Doubles
from embeddings.prediction.gaussian import covariance
from embeddings.prediction.model import AudienceModel
from embeddings.prediction.profiles import Profiles
from embeddings.prediction.unit import UnitModel

_NEVER = np.datetime64("9999-12-31")


def unlearnt(model: AudienceModel, title: int) -> AudienceModel:
    """The model without the title at this position of the release; itself where it has not learnt from it."""
    units = {}
    for name, unit in model.units.items():
        at = np.flatnonzero(unit.titles == title)
        units[name] = replace(unit, model=_without(unit.model, int(at[0]))) if len(at) else unit
    return AudienceModel(units, model.views, model.relations)


def _without(model: UnitModel, number: int) -> UnitModel:
    """Neither its profile nor its comparables know learning title `number`; means over all titles still do."""
    grams = _among(model.blocks, len(model.observed.values))
    over = model.observed.over.copy()
    over[number] = _NEVER  # so that it is nobody's comparable
    return replace(
        model,
        observed=replace(model.observed, over=over),
        size=_profiles(model.size, grams, number),
        presence=_profiles(model.presence, grams, number),
        learners={name: learner.without(number) for name, learner in model.learners.items()},
    )


def _profiles(profiles: Profiles, grams: list[Doubles], number: int) -> Profiles:
    """Without row i the coefficients are α − K⁻¹[:, i] α_i / K⁻¹[i, i] (Rasmussen and Williams, 2006, eq. 5.12)."""
    coefficients = profiles.coefficients.copy()
    one = np.eye(len(coefficients))[number]
    parts = np.split(np.arange(len(profiles.axes)), profiles.starts[1:])
    for part, weights in zip(parts, profiles.weights, strict=True):
        column = np.linalg.solve(covariance(grams, weights), one)
        coefficients[:, part] -= np.outer(column / column[number], coefficients[number, part])
    coefficients[number] = 0
    return replace(profiles, coefficients=coefficients)


def _among(blocks: Blocks, count: int) -> list[Doubles]:
    """How alike the learning titles are to each other, by block, [n, n] each."""
    vectors = [np.asarray(block.rows @ block.rows.T, dtype=np.float64) for block in blocks.vectors.values()]
    bags = [
        block.gram(pd.DataFrame({"row": block.rows, "item": block.items[block.columns]}), count)
        for block in blocks.bags.values()
    ]
    return vectors + bags or [np.zeros((count, count))]
