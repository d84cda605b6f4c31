"""Where a training of the graph starts: from the model of the last release, if that can be."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from embeddings.catalogue import Catalogue, Facts
from embeddings.graph import GraphModel, GraphSettings
from embeddings.graph.errors import CorruptModelError
from embeddings.release import Release
from embeddings.views import BoolArray, FloatArray, IntArray

#: If the last release learnt from more than this share of what is held out now, it can't be gone on from.
MOST_LEAKED = 0.005
#: A training that goes on needs a twelfth of the epochs of one from nothing.
_SHORTER = 12


@dataclass(frozen=True, kw_only=True, eq=False)
class Start:
    """What a training starts from.

    Attributes:
        model: the older model, over today's relations; None: from nothing.
        why: why from nothing, in words; empty where there is a model.
        leaked: which of the facts that are held out now the older model has learnt from; they can't be measured on.
    """

    model: GraphModel | None
    why: str
    leaked: BoolArray

    def settings(self, settings: GraphSettings) -> GraphSettings:
        """The settings of the training: fewer epochs where it goes on."""
        if self.model is None or settings.epochs is None:
            return settings
        return dataclasses.replace(settings, epochs=max(1, round(settings.epochs / _SHORTER)))


def start_from(
    last: Release | None, catalogue: Catalogue, held_out: Facts, aliases: pd.DataFrame, settings: GraphSettings
) -> Start:
    """The model of `last` for a training on today's facts.

    It is gone on from if it has the dimension and the kind of model that are asked for, the optimizer's state, no more
    rows than there are today, and has learnt next to none of the facts that are held out now (a fact moves from one
    side to the other where two entities turn out to be one). Relations are matched by name: new ones start like those
    that there are, those that are gone are left out.

    Args:
        aliases: id and same_as of entities that were merged into others.
    """
    nothing = np.zeros(len(held_out), dtype=bool)

    def cold(why: str) -> Start:
        return Start(model=None, why=why, leaked=nothing)

    if last is None:
        return cold("there is no release before it")
    try:
        model = GraphModel.load(last.path / "model")
    except CorruptModelError as error:
        return cold(str(error))
    if model.dim != settings.dim:
        return cold(f"the last model has {model.dim} dimensions instead of {settings.dim}")
    same = ("similarity", "reciprocal", "optimizer")
    if changed := [name for name in same if getattr(model.settings, name) != getattr(settings, name)]:
        return cold(f"the last model was trained with another {changed[0]}")
    if not model.state:
        return cold("the last release does not hold the optimizer's state")
    if model.num_entities > int(catalogue.entities["row"].max()) + 1:
        return cold("the last model has rows that are no longer there")
    names = last.table("relations.parquet", "name")["name"].to_pylist()
    if len(names) != model.num_relations:
        return cold("the last model's relations have no names")
    leaked = np.isin(keys_of(held_out, catalogue), learnt_by(last, catalogue, aliases))
    if leaked.mean() > MOST_LEAKED if len(leaked) else False:
        return cold(f"the last model learnt from {leaked.sum():,} of {len(leaked):,} facts that are held out now")
    today = [relation.name for relation in catalogue.relations]
    return Start(model=_renumbered(model, names, today, settings.seed), why="", leaked=leaked)


def _renumbered(model: GraphModel, names: list[str], today: list[str], seed: int) -> GraphModel:
    """The model over today's relations."""
    if names == today[: len(names)]:
        return model  # training adds what is new
    at = np.array([names.index(name) if name in names else -1 for name in today], dtype=np.int64)
    rng = np.random.default_rng([seed, 8])
    spread = float(np.sqrt(np.square(model.relations).mean()))

    def table(old: FloatArray) -> FloatArray:
        new = rng.normal(0, spread, (len(today), model.dim)).astype(np.float32)
        new[at >= 0] = old[at[at >= 0]]
        return new

    def rows(old: FloatArray) -> FloatArray:
        halves = old.reshape(-1, len(names), *old.shape[1:])  # of both directions, where there are two
        new = np.zeros((len(halves), len(today), *old.shape[1:]), dtype=old.dtype)
        new[:, at >= 0] = halves[:, at[at >= 0]]
        return np.asarray(new.reshape(-1, *old.shape[1:]))

    return dataclasses.replace(
        model,
        relations=table(model.relations),
        inverse_relations=table(model.inverse_relations),
        precisions=None,
        state={name: rows(value) if name.startswith("relations.") else value for name, value in model.state.items()},
    )


def keys_of(facts: Facts, catalogue: Catalogue) -> IntArray:
    """A number for each fact of today's catalogue, int64 [n]."""
    return _keys(facts.heads, facts.relations, facts.tails, catalogue)


def learnt_by(last: Release, catalogue: Catalogue, aliases: pd.DataFrame) -> IntArray:
    """The numbers, int64 [n], that the facts which the last release learnt from have today; −1 for those that name
    something which is no longer there."""
    names = last.table("relations.parquet", "name")["name"].to_pylist()
    learnt = np.asarray(last.array("facts/out.learnt.npy")).astype(bool)
    offsets = np.asarray(last.array("facts/out.offsets.npy"))
    heads = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))[learnt]
    at = _today(last.table("entities.parquet", "id")["id"], catalogue, aliases)
    today = {relation.name: number for number, relation in enumerate(catalogue.relations)}
    number = np.array([today.get(name, -1) for name in names], dtype=np.int64)
    relations = number[np.asarray(last.array("facts/out.relation.npy"))[learnt]]
    tails = at[np.asarray(last.array("facts/out.entity.npy"))[learnt]]
    heads = at[heads]
    known = (heads >= 0) & (relations >= 0) & (tails >= 0)
    return np.where(known, _keys(heads, relations, tails, catalogue), -1)


def _keys(heads: IntArray, relations: IntArray, tails: IntArray, catalogue: Catalogue) -> IntArray:
    return (heads * len(catalogue.relations) + relations) * len(catalogue) + tails


def _today(ids: pa.ChunkedArray, catalogue: Catalogue, aliases: pd.DataFrame) -> IntArray:
    """Today's position of identifiers of the last release, −1 where there is none."""
    at = catalogue.positions(ids)
    gone = np.flatnonzero(at < 0)
    if len(gone) and len(aliases):
        merged = pc.index_in(ids.take(pa.array(gone)), value_set=pa.array(aliases["id"], pa.string()))
        which = np.asarray(pc.fill_null(merged, -1).to_numpy(), dtype=np.int64)
        into = catalogue.positions(aliases["same_as"])
        at[gone[which >= 0]] = into[which[which >= 0]]
    return at
