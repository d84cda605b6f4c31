"""The tables a training works on: made, extended for new rows, and turned into a model.

Row numbers are append-only. A training that starts from an older model keeps its rows; a new entity starts at the
least-squares answer to its facts, and near the origin of what is known where it has none.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from embeddings.graph.answers import seen
from embeddings.graph.drafts import least_squares
from embeddings.graph.errors import ModelMismatchError
from embeddings.graph.model import GraphModel
from embeddings.graph.optimizers import RowwiseAdagrad, RowwiseAdam, RowwiseOptimizer
from embeddings.graph.settings import GraphSettings
from embeddings.graph.triples import FloatArray, Triples


class Tables:
    """Entity table [E, d], relation table [2R, d] and the optimizer with its state.

    Attributes:
        entities, relations: the parameters, updated in place.
        optimizer: a row-wise optimizer over both.
    """

    def __init__(self, entities: Tensor, relations: Tensor, settings: GraphSettings) -> None:
        self.entities, self.relations = entities, relations
        kind = RowwiseAdagrad if settings.optimizer == "adagrad" else RowwiseAdam
        self.optimizer: RowwiseOptimizer = kind([entities, relations], lr=settings.learning_rate)
        self.optimizer.state_of(entities)
        self.optimizer.state_of(relations)

    @classmethod
    def make(
        cls,
        triples: Triples,
        settings: GraphSettings,
        device: torch.device,
        start: GraphModel | None = None,
        memory: str | Path | None = None,
    ) -> Tables:
        """`warm` where there is an older model, else `fresh`; the entity table in a mapped file under `memory`."""
        entities = allocate((triples.num_entities, settings.dim), memory)
        if start is None:
            return cls.fresh(triples, settings, device, entities)
        return cls.warm(start, triples, settings, device, entities)

    @classmethod
    def fresh(cls, triples: Triples, settings: GraphSettings, device: torch.device, entities: FloatArray) -> Tables:
        """Random tables: Gaussian vectors of root-mean-square length `init_scale`, half of it for relations."""
        rng = np.random.default_rng([settings.seed, 0])
        for at in range(0, len(entities), 1 << 16):
            block = entities[at : at + (1 << 16)]
            block[:] = _gaussian(rng, len(block), settings.dim, settings.init_scale)
        rows = triples.num_relations * (2 if settings.reciprocal else 1)
        relations = _gaussian(rng, rows, settings.dim, settings.init_scale / 2)
        return cls(torch.from_numpy(entities).to(device), torch.from_numpy(relations).to(device), settings)

    @classmethod
    def warm(
        cls,
        start: GraphModel,
        triples: Triples,
        settings: GraphSettings,
        device: torch.device,
        entities: FloatArray,
    ) -> Tables:
        """The tables of an older model, with rows for what is new, and its optimizer's state carried on.

        Raises:
            ModelMismatchError: the model has more entities or relations than the graph, or another dimension.
        """
        if start.num_entities > triples.num_entities or start.num_relations > triples.num_relations:
            raise ModelMismatchError(f"{start!r} has more rows than {triples!r}: row numbers are append-only")
        if start.dim != settings.dim:
            raise ModelMismatchError(f"{start!r} has another dimension than the settings' {settings.dim}")
        rng = np.random.default_rng([settings.seed, 1])
        spread = float(np.sqrt(np.square(start.relations).mean())) if start.num_relations else 1 / math.sqrt(start.dim)
        forward, inverse = (
            _extended(table, rng.normal(0, spread, (triples.num_relations - start.num_relations, start.dim)))
            for table in (start.relations, start.inverse_relations)
        )
        relations = np.concatenate([forward, inverse]) if settings.reciprocal else forward
        entities[: start.num_entities] = start.entities
        known = np.zeros(triples.num_entities, dtype=bool)
        known[: start.num_entities] = start.seen
        rows = np.flatnonzero(~known)  # new ones
        vectors, found = least_squares(start, triples[triples.relations < start.num_relations], rows)
        center = start.entities[start.seen].mean(0) if start.seen.any() else 0.0
        noise = _gaussian(rng, len(rows), settings.dim, settings.init_scale) + center
        entities[rows] = np.where(found[:, None], vectors, noise)
        tables = cls(torch.from_numpy(entities).to(device), torch.from_numpy(relations).to(device), settings)
        tables._carry_on(start, reciprocal=settings.reciprocal)
        return tables

    def _carry_on(self, start: GraphModel, *, reciprocal: bool) -> None:
        """Take over the accumulators of an older model's rows; those of another optimizer are left."""
        old = start.num_relations
        for name, values in start.state.items():
            kind, moment = name.split(".")
            own = self.optimizer.state_of(getattr(self, kind)).get(moment)
            if own is None or own.shape[1:] != values.shape[1:]:
                continue
            carried = torch.from_numpy(np.array(values)).to(own.device)
            if kind == "entities":
                own[: len(carried)] = carried
                continue
            own[:old] = carried[:old]
            if reciprocal and len(carried) == 2 * old:  # the reciprocal half begins elsewhere where relations are new
                own[len(own) // 2 : len(own) // 2 + old] = carried[old:]

    def state(self) -> dict[str, FloatArray]:
        """The optimizer's accumulators by "table.moment"."""
        return {
            f"{kind}.{moment}": values.cpu().numpy()
            for kind in ("entities", "relations")
            for moment, values in self.optimizer.state_of(getattr(self, kind)).items()
        }

    def model(
        self, triples: Triples, settings: GraphSettings, history: list[dict[str, Any]], start: GraphModel | None
    ) -> GraphModel:
        """What was learnt, as NumPy arrays that share the tables' memory: train no further on them."""
        relations = self.relations.detach().cpu().numpy()
        forward = relations[: triples.num_relations]
        had_facts = seen(triples)
        if start is not None:
            had_facts[: start.num_entities] |= start.seen
        return GraphModel(
            entities=self.entities.detach().cpu().numpy(),
            relations=forward,
            inverse_relations=relations[triples.num_relations :] if settings.reciprocal else -forward,
            seen=had_facts,
            settings=settings,
            history=list(history),
            state=self.state(),
        )


def allocate(shape: tuple[int, int], folder: str | Path | None) -> FloatArray:
    """A float32 table of zeros, in private memory or mapped from `entities.npy` in a folder."""
    if folder is None:
        return np.zeros(shape, dtype=np.float32)
    Path(folder).mkdir(parents=True, exist_ok=True)
    mapped: FloatArray = np.lib.format.open_memmap(
        Path(folder) / "entities.npy", mode="w+", dtype=np.float32, shape=shape
    )
    return mapped


def _gaussian(rng: np.random.Generator, rows: int, dim: int, length: float) -> FloatArray:
    table = rng.standard_normal((rows, dim), dtype=np.float32)
    table *= np.float32(length / math.sqrt(dim))
    return table


def _extended(table: FloatArray, new: npt.NDArray[Any]) -> FloatArray:
    return np.concatenate([table, new.astype(np.float32)])
