"""The encoder of :mod:`embeddings.content.network` in NumPy, so that a draft needs no torch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from embeddings.content.cache import Half
from embeddings.content.reading import Read
from embeddings.views import FloatArray, IntArray

_BLOCK = 256  # texts that go through the GRU together


def encode(weights: Mapping[str, FloatArray], titles: Read) -> FloatArray:
    """z [n, d] of titles by the encoder that has these `weights`, by name."""
    h = np.tile(weights["bias"], (len(titles), 1))
    for p, part in enumerate(titles.parts.values()):
        h += part @ weights[f"parts.{p}.weight"].T
    if "state.weight" in weights and titles.tokens is not None:
        h += final_states(weights, titles.tokens, titles.spans) @ weights["state.weight"].T
    if "free.weight" in weights:
        rows, which, counts = titles.bags
        np.add.at(h, rows, weights["free.weight"][which].astype(np.float32) * counts[:, None])
    return np.asarray(np.maximum(h, 0) @ weights["out.weight"].T + weights["out.bias"], dtype=np.float32)


def final_states(weights: Mapping[str, FloatArray], tokens: Half, spans: IntArray) -> FloatArray:
    """Final states of the two directions of a GRU (Cho et al., 2014, as torch has it), float32 [n, 2g].

    Args:
        weights: the encoder's, by name.
        tokens: token states, one text after the other, float16 [tokens, e].
        spans: first token and number of tokens of each text, [n, 2]; no tokens give zeros.
    """
    size = weights["gru.weight_hh_l0"].shape[1]
    final = np.zeros((len(spans), 2 * size), dtype=np.float32)
    order = np.argsort(-spans[:, 1], kind="stable")
    order = order[spans[order, 1] > 0]
    for start in range(0, len(order), _BLOCK):
        rows = order[start : start + _BLOCK]  # longest first
        lengths = spans[rows, 1]
        x = np.zeros((len(rows), int(lengths[0]), tokens.shape[1]), dtype=np.float32)
        for i, (first, count) in enumerate(spans[rows]):
            x[i, :count] = tokens[first : first + count]
        final[rows, :size] = _direction(weights, "", x, lengths, reverse=False)
        final[rows, size:] = _direction(weights, "_reverse", x, lengths, reverse=True)
    return final


def _direction(
    weights: Mapping[str, FloatArray], suffix: str, x: FloatArray, lengths: IntArray, *, reverse: bool
) -> FloatArray:
    """Final state [B, g] of one direction over x [B, t, e], texts ordered from the longest to the shortest."""
    w, u, b, c = (weights[f"gru.{name}_l0{suffix}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    size = u.shape[1]
    h = np.zeros((len(x), size), dtype=np.float32)
    inputs = x @ w.T + b  # [B, t, 3g]
    steps = range(x.shape[1])
    for t in reversed(steps) if reverse else steps:
        n = int((lengths > t).sum())  # texts that have a token there
        given, own = inputs[:n, t], h[:n] @ u.T + c
        gates = _sigmoid(given[:, : 2 * size] + own[:, : 2 * size])
        new = np.tanh(given[:, 2 * size :] + gates[:, :size] * own[:, 2 * size :])
        h[:n] = (1 - gates[:, size:]) * new + gates[:, size:] * h[:n]
    return h


def _sigmoid(x: npt.NDArray[np.float32]) -> FloatArray:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)), dtype=np.float32)
