"""Checkpoints: everything a killed training needs to go on to the same result, as safetensors and JSON.

Randomness is drawn afresh from (seed, epoch), so an epoch's number stands for the generators' state. A checkpoint is
written beside the last one and put in its place by one atomic rename of the JSON file that names the tables.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from embeddings.graph.errors import CorruptModelError, ModelMismatchError
from embeddings.graph.settings import GraphSettings
from embeddings.graph.tables import Tables
from embeddings.graph.triples import Triples

FORMAT = 1
_ABOUT = "checkpoint.json"


@dataclass(slots=True)
class Progress:
    """Where a training stands after its last whole epoch."""

    epoch: int
    history: list[dict[str, Any]]
    best: float | None = None
    best_epoch: int = 0


class Checkpoint:
    """A folder that holds the state of one training.

    Args:
        folder: where the files are; made if needed.
        triples: the training facts; a checkpoint of other facts is refused.
        settings: resolved settings; a checkpoint under other settings is refused.
    """

    def __init__(self, folder: str | Path, triples: Triples, settings: GraphSettings) -> None:
        self.folder = Path(folder)
        self.settings = settings
        self.fingerprint = fingerprint(triples)

    def save(self, tensors: dict[str, torch.Tensor], progress: Progress) -> None:
        """Write the state after an epoch; a kill at any moment leaves this or the previous state."""
        self.folder.mkdir(parents=True, exist_ok=True)
        previous = {path.name for path in self.folder.glob("checkpoint-*.safetensors")}
        name = f"checkpoint-{progress.epoch:05d}.safetensors"
        save_file({key: value.contiguous().cpu() for key, value in tensors.items()}, self.folder / name)
        about = {
            "format": FORMAT,
            "tables": name,
            "facts": self.fingerprint,
            "settings": self.settings.to_dict(),
            "epoch": progress.epoch,
            "history": progress.history,
            "best": progress.best,
            "best_epoch": progress.best_epoch,
        }
        scratch = self.folder / (_ABOUT + ".tmp")
        scratch.write_text(json.dumps(about) + "\n", encoding="utf-8")
        os.replace(scratch, self.folder / _ABOUT)
        for old in previous - {name}:
            (self.folder / old).unlink(missing_ok=True)

    def load(self) -> tuple[dict[str, torch.Tensor], Progress] | None:
        """The saved state, or None where there is none yet.

        Raises:
            CorruptModelError: the files cannot be read.
            ModelMismatchError: the checkpoint is of other facts or other settings.
        """
        path = self.folder / _ABOUT
        if not path.exists():
            return None
        try:
            about = json.loads(path.read_text(encoding="utf-8"))
            if about["format"] != FORMAT:
                raise CorruptModelError(f"{path} has format {about['format']}; this version reads {FORMAT}")
            if about["facts"] != self.fingerprint:
                raise ModelMismatchError(f"{path} was made with other facts")
            if GraphSettings.from_dict(about["settings"]) != self.settings:
                raise ModelMismatchError(f"{path} was made with other settings")
            tensors = load_file(self.folder / about["tables"])
            return tensors, Progress(about["epoch"], about["history"], about["best"], about["best_epoch"])
        except (OSError, KeyError, json.JSONDecodeError, UnicodeDecodeError, SafetensorError) as error:
            raise CorruptModelError(f"{self.folder} holds no readable checkpoint: {error}") from error

    def clear(self) -> None:
        """Remove the files: the training is done."""
        for path in [self.folder / _ABOUT, *self.folder.glob("checkpoint-*.safetensors")]:
            path.unlink(missing_ok=True)


def snapshot(tables: Tables) -> dict[str, torch.Tensor]:
    """Tables and accumulators by name; not copied."""
    tensors = {"entities": tables.entities, "relations": tables.relations}
    for kind in ("entities", "relations"):
        for moment, values in tables.optimizer.state_of(getattr(tables, kind)).items():
            tensors[f"{kind}.{moment}"] = values
    return tensors


def restore(tables: Tables, tensors: dict[str, torch.Tensor]) -> None:
    """Put a snapshot's values into tables of the same shapes."""
    own = snapshot(tables)
    for name, tensor in own.items():
        if name not in tensors or tensors[name].shape != tensor.shape:
            raise CorruptModelError(f"a checkpoint's {name} does not fit tables of shape {tuple(tensor.shape)}")
        tensor.copy_(tensors[name])


def fingerprint(triples: Triples) -> str:
    """A hash of the facts, their order and their counts."""
    digest = hashlib.sha256(f"{triples.num_entities} {triples.num_relations}".encode())
    for array in (triples.heads, triples.relations, triples.tails, triples.weights):
        digest.update(b"" if array is None else np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
