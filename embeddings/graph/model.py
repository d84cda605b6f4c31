"""A trained graph embedding: NumPy matrices that need neither torch nor pykeen to be read and asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from embeddings.graph.errors import CorruptModelError, ModelMismatchError
from embeddings.graph.mapped import map_tables
from embeddings.graph.settings import GraphSettings
from embeddings.graph.triples import BoolArray, FloatArray

FORMAT = 1
_TABLES, _STATE, _ABOUT = "graph.safetensors", "optimizer.safetensors", "graph.json"


@dataclass(frozen=True, kw_only=True, eq=False)
class GraphModel:
    """Vectors of entities and relations; score of a fact: −‖h + r − t‖₂ (or (h + r)·t, as the settings say).

    Attributes:
        entities: float32 [E, d], by row number.
        relations: float32 [R, d]; h + r is near t.
        inverse_relations: float32 [R, d]; t + inverse r is near h.
        seen: entities that had facts in a training, bool [E]; the others' vectors mean nothing.
        precisions: how closely each relation's training facts are met, 1 / mean ‖h + r − t‖², float32 [R]; None: alike.
        settings: as trained, sizes resolved.
        history: one record an epoch: epoch, loss, seconds, and validation MRR where measured.
        state: the optimizer's accumulators, for a warm start; may be empty.
    """

    entities: FloatArray
    relations: FloatArray
    inverse_relations: FloatArray
    seen: BoolArray
    settings: GraphSettings
    precisions: FloatArray | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    state: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shapes = (self.entities.shape[1:], self.relations.shape[1:], self.inverse_relations.shape[1:])
        if len(set(shapes)) != 1 or len(shapes[0]) != 1 or self.relations.shape != self.inverse_relations.shape:
            raise ModelMismatchError(f"entity and relation vectors have different dimensions: {shapes}")
        if self.seen.shape != (len(self.entities),):
            raise ModelMismatchError(f"seen has shape {self.seen.shape} for {len(self.entities)} entities")

    def __repr__(self) -> str:
        return f"GraphModel({self.num_entities} entities, {self.num_relations} relations, d={self.dim})"

    @property
    def num_entities(self) -> int:
        """E."""
        return len(self.entities)

    @property
    def num_relations(self) -> int:
        """R."""
        return len(self.relations)

    @property
    def dim(self) -> int:
        """d."""
        return int(self.entities.shape[1])

    @property
    def directed_relations(self) -> FloatArray:
        """Relations, then inverse relations, float32 [2R, d]."""
        return np.concatenate([self.relations, self.inverse_relations])

    def score(self, heads: npt.ArrayLike, relations: npt.ArrayLike, tails: npt.ArrayLike) -> FloatArray:
        """Plausibility of facts, float32 [n], larger is more plausible.

        Args:
            heads, relations, tails: row numbers [n] each; they broadcast.
        """
        queries = self.entities[np.asarray(heads)] + self.relations[np.asarray(relations)]  # [n, d]
        return similarity(queries, self.entities[np.asarray(tails)], self.settings.similarity)

    def score_inverse(self, tails: npt.ArrayLike, relations: npt.ArrayLike, heads: npt.ArrayLike) -> FloatArray:
        """Plausibility of facts asked from the tail, t + inverse r against h, float32 [n]: the head side's score."""
        queries = self.entities[np.asarray(tails)] + self.inverse_relations[np.asarray(relations)]
        return similarity(queries, self.entities[np.asarray(heads)], self.settings.similarity)

    def save(self, folder: str | Path, *, state: bool = True) -> None:
        """Write `graph.safetensors` and `graph.json`, and with `state` the optimizer's accumulators, into `folder`."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        tables = {
            "entities": self.entities,
            "relations": self.relations,
            "inverse_relations": self.inverse_relations,
            "seen": self.seen.astype(np.uint8),
        }
        if self.precisions is not None:
            tables["precisions"] = self.precisions
        save_file({name: np.ascontiguousarray(table) for name, table in tables.items()}, folder / _TABLES)
        if state and self.state:
            save_file({name: np.ascontiguousarray(value) for name, value in self.state.items()}, folder / _STATE)
        about = {
            "format": FORMAT,
            "method": "TransE" if self.settings.similarity == "l2" else "translation, dot product",
            "similarity": self.settings.similarity,
            "entities": self.num_entities,
            "relations": self.num_relations,
            "dim": self.dim,
            "settings": self.settings.to_dict(),
            "history": self.history,
        }
        (folder / _ABOUT).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: str | Path, *, mapped: bool = False) -> GraphModel:
        """Read what `save` wrote; if `mapped`, the tables are views of the file and are read where they are used.

        Raises:
            CorruptModelError: a file is missing, damaged or of an unknown format.
        """
        folder = Path(folder)
        try:
            about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
            if about["format"] != FORMAT:
                raise CorruptModelError(f"{folder / _ABOUT} has format {about['format']}; this version reads {FORMAT}")
            tables = map_tables(folder / _TABLES) if mapped else load_file(folder / _TABLES)
            state = load_file(folder / _STATE) if (folder / _STATE).exists() else {}
            return cls(
                entities=tables["entities"],
                relations=tables["relations"],
                inverse_relations=tables["inverse_relations"],
                seen=tables["seen"].astype(bool),
                settings=GraphSettings.from_dict(about["settings"]),
                precisions=tables.get("precisions"),
                history=about["history"],
                state=state,
            )
        except (OSError, KeyError, TypeError, ValueError, SafetensorError) as error:
            raise CorruptModelError(f"{folder} holds no readable graph model: {error}") from error


def similarity(queries: FloatArray, candidates: FloatArray, name: str) -> FloatArray:
    """Row by row: −‖q − e‖₂ ("l2") or q·e ("dot"), float32, over the last axis."""
    if name == "dot":
        return np.asarray((queries * candidates).sum(-1), dtype=np.float32)
    return np.asarray(-np.linalg.norm(queries - candidates, axis=-1), dtype=np.float32)
