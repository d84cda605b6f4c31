"""Training of an encoder with a predictor on top: mini-batches, validation, early stopping. Read it from top to bottom.

It runs on CUDA where there is such a device. It begins with the weights that it begins with on a CPU, and the same seed
gives the same weights again on the same machine. Import it inside functions: it imports torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from embeddings.content.cache import Half
from embeddings.content.network import AudienceHead, CategoryHead, Encoder
from embeddings.content.settings import ContentSettings
from embeddings.views import FloatArray, IntArray

#: A training that goes on has a twelfth of the epochs, at a quarter of the rate.
_SHORTER, _SLOWER = 12, 0.25


@dataclass(frozen=True, kw_only=True, eq=False)
class Inputs:
    """What an encoder reads of n titles.

    Attributes:
        parts: vectors [n, d_p] of the parts; rows of zeros where one is missing.
        tokens: token states of summaries [tokens, e], mapped.
        spans: first token and number of tokens of each title's summary [n, 2].
        bags: row, tag and how much it counts, [k] each, ordered by row.
        num_tags: V.
        marks: a number for each title that never changes, uint64 [n]: training stops by the titles with the least, so
            that one which goes on from an older one stops by titles that neither has seen.
    """

    parts: Sequence[FloatArray]
    marks: np.ndarray[Any, np.dtype[np.uint64]]
    tokens: Half | None = None
    spans: IntArray | None = None
    bags: tuple[IntArray, IntArray, FloatArray] | None = None
    num_tags: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """Weights by name, float32, of encoder and head, and how training went."""

    encoder: dict[str, FloatArray]
    head: dict[str, FloatArray]
    metrics: dict[str, Any]


def train_categories(
    inputs: Inputs,
    titles: IntArray,
    shares: FloatArray,
    counts: FloatArray,
    settings: ContentSettings,
    seed: int,
    progress: Callable[[float], None] | None = None,
    start: Mapping[str, FloatArray] | None = None,
) -> Trained:
    """Content → category: softmax and negative log-likelihood of soft targets.

    Args:
        inputs: of n titles.
        titles: which of them have categories, [m].
        shares: their targets, rows sum to 1, [m, K].
        counts: viewers they rest on [m]; few viewers count less.
        settings: of the training.
        seed: of everything random.
        progress: told the share of epochs that are done.
        start: weights of an older training, the predictor's as "head.…", to go on from where they fit.
    """
    torch.manual_seed(seed)
    head = CategoryHead(settings.dim, shares.shape[1])
    target = _moved(shares)
    weight = _moved((counts / (counts + settings.shrink)).astype(np.float32))

    def loss(z: Tensor, rows: Tensor) -> Tensor:
        nll = -(target[rows] * functional.log_softmax(head(z), dim=1)).sum(dim=1)
        return (nll * weight[rows]).sum() / weight[rows].sum()

    def baseline(train: IntArray, valid: IntArray) -> float:
        mean = np.average(shares[train], axis=0, weights=counts[train] / (counts[train] + settings.shrink))
        nll = -(shares[valid] * np.log(mean)).sum(axis=1)
        return float(np.average(nll, weights=counts[valid] / (counts[valid] + settings.shrink)))

    return _fit(inputs, titles, loss, baseline, head, settings, seed, progress, start)


def train_audience(
    inputs: Inputs,
    titles: IntArray,
    units: IntArray,
    sizes: FloatArray,
    measured: FloatArray,
    settings: ContentSettings,
    seed: int,
    progress: Callable[[float], None] | None = None,
    start: Mapping[str, FloatArray] | None = None,
) -> Trained:
    """Content and country → log size: one hidden layer and mean squared error.

    Args:
        inputs: of n titles.
        titles: of each of the m rows, [m].
        units: in which unit it is measured, [m].
        sizes: log sizes by country, standardised in each unit, [m, C].
        measured: whether the unit is measured in the country, 0 or 1, [m, C].
        settings: of the training.
        seed: of everything random.
        progress: told the share of epochs that are done.
        start: weights of an older training, the predictor's as "head.…", to go on from where they fit.
    """
    torch.manual_seed(seed + 1)
    head = AudienceHead(
        settings.dim, settings.audience_hidden, sizes.shape[1], settings.country_dim, int(units.max()) + 1
    )
    target, mask, unit = _moved(sizes), _moved(measured), _moved(units)

    def loss(z: Tensor, rows: Tensor) -> Tensor:
        error = (head(z, unit[rows]) - target[rows]) ** 2 * mask[rows]
        return error.sum() / mask[rows].sum()

    def baseline(train: IntArray, valid: IntArray) -> float:
        mean = (sizes[train] * measured[train]).sum(axis=0) / np.maximum(measured[train].sum(axis=0), 1)
        return float(((sizes[valid] - mean) ** 2 * measured[valid]).sum() / measured[valid].sum())

    return _fit(inputs, titles, loss, baseline, head, settings, seed, progress, start)


def _fit(
    inputs: Inputs,
    titles: IntArray,
    loss: Callable[[Tensor, Tensor], Tensor],
    baseline: Callable[[IntArray, IntArray], float],
    head: torch.nn.Module,
    settings: ContentSettings,
    seed: int,
    progress: Callable[[float], None] | None,
    start: Mapping[str, FloatArray] | None,
) -> Trained:
    """Rows of one title are on one side; what is kept are the weights of the epoch with the least validation loss, or
    those that training goes on from, where no epoch makes them better."""
    rng = np.random.default_rng(seed)
    names, at = np.unique(titles, return_inverse=True)
    order = np.argsort(inputs.marks[names], kind="stable")
    apart = np.isin(titles, names[order[: max(1, round(settings.validation * len(names)))]])
    train, valid = np.flatnonzero(~apart), np.flatnonzero(apart)
    encoder = Encoder(
        [part.shape[1] for part in inputs.parts],
        settings.hidden,
        settings.dim,
        gru=settings.gru if settings.summaries == "bigru" and inputs.spans is not None else 0,
        tags=inputs.num_tags if settings.free_tags else 0,
        dropout=settings.dropout,
        forget=settings.forget,
    )
    modules = torch.nn.ModuleDict({"encoder": encoder, "head": head})
    epochs, patience_at_most, rate = settings.epochs, settings.patience, settings.rate
    known = modules.state_dict()
    given = {name if name.startswith("head.") else f"encoder.{name}": value for name, value in (start or {}).items()}
    given = {name: value for name, value in given.items() if name in known}
    goes_on = bool(given) and {n: v.shape for n, v in given.items()} == {n: tuple(v.shape) for n, v in known.items()}
    if goes_on:
        modules.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in given.items()})
        epochs, patience_at_most = max(2, round(epochs / _SHORTER)), max(1, round(patience_at_most / _SHORTER))
        rate *= _SLOWER
    modules.to(_device())
    optimizer = torch.optim.AdamW(modules.parameters(), lr=rate, weight_decay=settings.decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(epochs, 1), rate / 20)
    read = _Reader(inputs, names, encoder)

    def run(rows: IntArray) -> Tensor:
        return loss(encoder(*read(at[rows])), _moved(rows))

    batch = min(settings.batch, max(16, len(train) // 8))  # of few titles an epoch has eight steps all the same

    def validated() -> float:
        modules.eval()
        with torch.inference_mode():
            parts = [valid[i : i + 1024] for i in range(0, len(valid), 1024)]
            return float(sum(float(run(part)) * len(part) for part in parts) / len(valid))

    least, best, patience = np.inf, {}, 0
    if goes_on:
        least, best = validated(), {name: value.clone() for name, value in modules.state_dict().items()}
    before = least
    history: list[float] = []
    for epoch in range(epochs):
        modules.train()
        order = rng.permutation(train)
        for first in range(0, len(order), batch):
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(run(order[first : first + batch]))
            optimizer.step()
        schedule.step()
        history.append(validated())
        if history[-1] < least - 1e-4:
            least, patience = history[-1], 0
            best = {name: value.clone() for name, value in modules.state_dict().items()}
        else:
            patience += 1
        if progress is not None:
            progress((epoch + 1) / epochs)
        if patience >= patience_at_most:
            break
    weights = {name: value.cpu().numpy() for name, value in best.items()}
    metrics = {
        "loss": round(least, 4),
        "baseline": round(baseline(train, valid), 4),
        "epochs": len(history),
        "best_epoch": 0 if least == before else int(np.argmin(history)) + 1,
        "start": "the last release's weights" if goes_on else "nothing",
        "titles": len(names),
        "validated_on": len(np.unique(titles[valid])),
    }
    return Trained(encoder=_under(weights, "encoder."), head=_under(weights, "head."), metrics=metrics)


class _Reader:
    """Batches of the inputs of the titles `names` [n] as tensors.

    What is a row a title is moved to the device once. Token states, of which there may be gigabytes, follow batch by
    batch, in half precision.
    """

    def __init__(self, inputs: Inputs, names: IntArray, encoder: Encoder) -> None:
        parts = [part[names] for part in inputs.parts]
        self._parts = [_moved(part) for part in parts]
        self._present = _moved(np.stack([part.any(axis=1) for part in parts], axis=1).astype(np.float32))
        self._gru, self._free = encoder.gru is not None, encoder.free is not None
        self._tokens, self._bagged = inputs.tokens, inputs.bags
        if inputs.spans is not None:
            self._spans = inputs.spans[names]
        if inputs.bags is not None:
            self._first, self._last = (np.searchsorted(inputs.bags[0], names, side) for side in ("left", "right"))

    def __call__(self, titles: IntArray) -> tuple[Any, ...]:
        """What :class:`Encoder` takes, of the titles at these places among `names`, [B]."""
        at = _moved(titles)
        tokens = self._states(titles) if self._gru else None
        bags = self._bags(titles) if self._free else None
        return [part[at] for part in self._parts], self._present[at], tokens, bags

    def _states(self, titles: IntArray) -> tuple[Tensor, Tensor]:
        assert self._tokens is not None
        own = self._spans[titles]
        lengths = np.maximum(own[:, 1], 1)
        states = np.zeros((len(titles), int(lengths.max()), self._tokens.shape[1]), dtype=np.float16)
        for i, (first, count) in enumerate(own):
            states[i, :count] = self._tokens[first : first + count]
        return _moved(states).float(), torch.from_numpy(lengths)

    def _bags(self, titles: IntArray) -> tuple[Tensor, Tensor, Tensor]:
        assert self._bagged is not None
        _, which, counts = self._bagged
        first, last = self._first[titles], self._last[titles]
        sizes = last - first
        begin = np.cumsum(sizes) - sizes
        at = np.repeat(first - begin, sizes) + np.arange(int(sizes.sum()))
        return _moved(which[at]), _moved(begin), _moved(counts[at])


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _moved(values: np.ndarray[Any, Any]) -> Tensor:
    """On the device; on a CPU the array itself."""
    return torch.from_numpy(values).to(_device())


def _under(weights: dict[str, Any], prefix: str) -> dict[str, FloatArray]:
    return {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
