"""One hidden layer: learnt with torch, read with NumPy.

This is the predictor that the method's authors describe: a title's vector, the country's vector and what comparables
had there, one hidden layer, mean squared error on the logarithm of the size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from embeddings.errors import ExtraMissing
from embeddings.prediction.blocks import Doubles
from embeddings.views import BoolArray, FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """max(0, x·first + a)·second + b of standardised inputs: centre, scale [f], first [f, h], a [h], second [h], b."""

    centre: FloatArray
    scale: FloatArray
    first: FloatArray
    first_bias: FloatArray
    second: FloatArray
    second_bias: FloatArray

    def __call__(self, x: npt.NDArray[Any]) -> Doubles:
        """Values [...] of inputs [..., f]."""
        hidden = np.maximum(((x - self.centre) / self.scale) @ self.first + self.first_bias, 0)
        return np.asarray(hidden @ self.second + self.second_bias[0], dtype=np.float64)


def fit_network(
    x: npt.NDArray[Any],
    y: Doubles,
    validating: BoolArray,
    *,
    hidden: int = 64,
    dropout: float = 0.2,
    weight_decay: float = 1e-2,
    rate: float = 2e-3,
    epochs: int = 30,
    patience: int = 5,
    batch: int = 1024,
    seed: int,
) -> tuple[Network, int]:
    """Learn y [n] from x [n, f]; stops when the rows `validating` (bool [n]) are foreseen no better for `patience`
    epochs. Without such rows all `epochs` are run.

    Returns the network and the number of epochs it was best after. Raises :class:`ExtraMissing` without torch.
    """
    try:
        import torch
    except ImportError as error:
        raise ExtraMissing("torch", "Learning from audiences") from error
    generator = torch.Generator().manual_seed(seed)
    learning = ~validating
    centre, scale = x[learning].mean(axis=0), x[learning].std(axis=0)
    scale = np.where(scale > 1e-6, scale, 1.0)
    inputs = torch.from_numpy(((x - centre) / scale).astype(np.float32))
    target = torch.from_numpy(y.astype(np.float32))
    rows: Any = torch.from_numpy(np.flatnonzero(learning))
    held = torch.from_numpy(np.flatnonzero(validating))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model: Any = torch.nn.Sequential(
            torch.nn.Dropout(dropout),
            torch.nn.Linear(x.shape[1], hidden),
            torch.nn.ReLU(),
            torch.nn.Dropout(dropout),
            torch.nn.Linear(hidden, 1),
        )
        with torch.no_grad():
            model[4].bias.fill_(float(target[rows].mean()))
        optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=weight_decay)
        best, at = (np.inf, {k: v.clone() for k, v in model.state_dict().items()}), 0
        for epoch in range(1, epochs + 1):
            model.train()
            order = rows[torch.randperm(len(rows), generator=generator)]
            for part in order.split(batch):
                optimizer.zero_grad()
                loss: Any = torch.nn.functional.mse_loss(model(inputs[part]).squeeze(1), target[part])
                loss.backward()
                optimizer.step()
            if len(held):
                model.eval()
                with torch.no_grad():
                    missed = float(torch.nn.functional.mse_loss(model(inputs[held]).squeeze(1), target[held]))
                if missed < best[0]:
                    best, at = (missed, {k: v.clone() for k, v in model.state_dict().items()}), epoch
                elif epoch - at >= patience:
                    break
        state = best[1] if len(held) else model.state_dict()
    network = Network(
        centre=centre.astype(np.float32),
        scale=scale.astype(np.float32),
        first=state["1.weight"].numpy().T.copy(),
        first_bias=state["1.bias"].numpy().copy(),
        second=state["4.weight"].numpy()[0].copy(),
        second_bias=state["4.bias"].numpy().copy(),
    )
    return network, at or epochs
