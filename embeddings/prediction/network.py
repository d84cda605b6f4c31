"""The published predictor: one hidden layer over a title's vectors, the country's and what comparables had there.

"Supporting content decision makers with machine learning" (Netflix Technology Blog, December 2020): mean squared error
on the logarithm of the size. Several networks, each learnt without a part of the titles and stopped by it: a title that
was learnt from is answered by the one that has not seen it, others by their mean. Learnt with torch, read with NumPy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from embeddings.errors import ExtraMissing
from embeddings.prediction.blocks import Doubles
from embeddings.prediction.folds import FOLDS, answered, folds_of
from embeddings.prediction.pairs import FEATURES
from embeddings.views import FloatArray, IntArray

#: What the network is told of a pair: what is usual in the country, and comparables. Not what other models foresee.
_TOLD = [i for i, name in enumerate(FEATURES) if not name.startswith("foreseen")]
_HIDDEN, _AXES = 64, 8
_EPOCHS, _PATIENCE, _BATCH = 30, 3, 32  # a batch is at most so many titles, in all countries
_RATE, _DECAY, _DROPOUT = 2e-3, 1e-2, 0.2


@dataclass(frozen=True, kw_only=True, eq=False)
class Networks:
    """F networks over titles' vectors [d], countries' vectors [a] and features of pairs [p], with h hidden units each.

    Attributes:
        title: [F, d, h]; country: [F, a, h]; pair: [F, p, h]; bias: [F, h]; out: [F, h]; out_bias: [F].
        countries: vectors of the countries, [C, a].
        centre, scale: of the features of pairs, [p].
        fold: which network has not seen each of the n learning titles, [n].
    """

    title: FloatArray
    country: FloatArray
    pair: FloatArray
    bias: FloatArray
    out: FloatArray
    out_bias: FloatArray
    countries: Doubles
    centre: Doubles
    scale: Doubles
    fold: IntArray

    @classmethod
    def fit(cls, titles: FloatArray, x: Doubles, values: Doubles, axes: Doubles, *, seed: int) -> Networks:
        """Learn from n titles.

        Args:
            titles: their vectors [n, d], d at least 1.
            x: features of pairs [n, C, f], in the order of `FEATURES`.
            values: log sizes [n, C].
            axes: main axes of profiles, [k, C]; a country's place on the first is its vector.
            seed: of everything random.

        Raises :class:`ExtraMissing` without torch.
        """
        try:
            import torch
        except ImportError as error:
            raise ExtraMissing("torch", "Learning from audiences") from error
        places = axes[:_AXES].T  # [C, a]
        places = places / np.maximum(places.std(axis=0), 1e-9)
        told = x[..., _TOLD]
        centre, scale = told.mean(axis=(0, 1)), told.std(axis=(0, 1))
        scale = np.where(scale > 1e-9, scale, 1.0)
        z = torch.from_numpy(np.asarray(titles, dtype=np.float32))
        pairs = torch.from_numpy(((told - centre) / scale).astype(np.float32))
        target = torch.from_numpy(values.astype(np.float32))
        country = torch.from_numpy(places.astype(np.float32))
        fold = folds_of(len(values), seed=seed)
        found = []
        with torch.random.fork_rng():
            for n in range(FOLDS):
                torch.manual_seed(seed + n)
                learning, held = (torch.from_numpy(np.flatnonzero(side)) for side in (fold != n, fold == n))
                found.append(_train(z, country, pairs, target, learning, held))
        stacked = {name: np.stack([each[name] for each in found]) for name in found[0]}
        return cls(**stacked, countries=places, centre=centre, scale=scale, fold=fold)

    def __call__(self, titles: FloatArray, x: Doubles, own: IntArray | None = None) -> Doubles:
        """Log sizes [m, C] of titles [m, d] with features of pairs [m, C, f].

        `own` [m] is the number of each among the learning titles, −1 where it is none.
        """
        told = (x[..., _TOLD] - self.centre) / self.scale
        answers = []
        for n in range(len(self.title)):
            hidden = (titles @ self.title[n] + self.bias[n])[:, None] + self.countries @ self.country[n]
            hidden = hidden + told @ self.pair[n]
            answers.append(np.maximum(hidden, 0) @ self.out[n] + self.out_bias[n])
        return answered(np.stack(answers), self.fold, own)

    def without(self, number: int) -> Networks:
        """Only the network that has not seen learning title `number`, whoever is asked about."""
        only = slice(self.fold[number], self.fold[number] + 1)
        parts = {name: getattr(self, name)[only] for name in ("title", "country", "pair", "bias", "out", "out_bias")}
        return replace(self, **parts, fold=np.zeros_like(self.fold))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Its arrays for a file."""
        return {name: np.asarray(getattr(self, name)) for name in self.__dataclass_fields__}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Networks:
        return cls(**dict(arrays))


def _train(z: Any, country: Any, pairs: Any, target: Any, learning: Any, held: Any) -> dict[str, FloatArray]:
    """Weights by name, of the epoch after which `held` titles were foreseen best."""
    import torch
    from torch.nn.functional import dropout, mse_loss

    title = torch.nn.Linear(z.shape[1], _HIDDEN)
    place, pair = (torch.nn.Linear(part.shape[-1], _HIDDEN, bias=False) for part in (country, pairs))
    out = torch.nn.Linear(_HIDDEN, 1)
    with torch.no_grad():
        out.bias.fill_(float(target[learning].mean()))
    modules = torch.nn.ModuleList([title, place, pair, out])
    optimizer = torch.optim.AdamW(modules.parameters(), lr=_RATE, weight_decay=_DECAY)

    def answer(rows: Any, training: bool) -> Any:
        hidden = title(dropout(z[rows], _DROPOUT, training))[:, None] + place(country)
        hidden = hidden + pair(dropout(pairs[rows], _DROPOUT / 2, training))
        return out(dropout(torch.relu(hidden), _DROPOUT, training))[..., 0]

    batch = int(np.clip(len(learning) // 16, 4, _BATCH))
    least, patience, best = np.inf, 0, dict(modules.state_dict())
    for _ in range(_EPOCHS):
        for rows in learning[torch.randperm(len(learning))].split(batch):
            optimizer.zero_grad()
            loss: Any = mse_loss(answer(rows, True), target[rows])
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            missed = float(mse_loss(answer(held, False), target[held]))
        if missed < least:
            least, patience = missed, 0
            best = {name: value.clone() for name, value in modules.state_dict().items()}
        else:
            patience += 1
        if patience >= _PATIENCE:
            break
    modules.load_state_dict(best)
    with torch.no_grad():
        return {
            "title": title.weight.numpy().T.copy(),
            "country": place.weight.numpy().T.copy(),
            "pair": pair.weight.numpy().T.copy(),
            "bias": title.bias.numpy().copy(),
            "out": out.weight.numpy()[0].copy(),
            "out_bias": out.bias.numpy()[0].copy(),
        }
