"""Losses of positives against shared negatives, with their slopes in the logits.

Both see a question's negatives once, however many of its answers are in the step: each positive is compared with a
summary of its row. The slopes are what autograd would give.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from embeddings.graph.scatter import add_rows

_TINY = 1e-30
_FLOOR = -1e4  # logits below are left-out negatives, which carry `LEFT_OUT`
LEFT_OUT = -1e30


def softmax(
    positive: Tensor, negative: Tensor, rows: Tensor, weights: Tensor | None, *, log_weights: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Sampled softmax: −log of a positive's share of itself and its row's negatives.

    Args:
        positive: logits of the positives [P].
        negative: logits of the negatives [B, N]; `LEFT_OUT` marks those that don't count. Overwritten.
        rows: the row of each positive [P].
        weights: of the positives [P], or None.
        log_weights: log of how many candidates each sampled negative stands for [N] (Jean et al., 2015).

    Returns:
        The summed loss (a scalar) and its slopes in `positive` [P] and `negative` [B, N].
    """
    top = negative.add_(log_weights).amax(1, keepdim=True).clamp_(min=_FLOOR)  # [B, 1]
    share = negative.sub_(top).exp_()  # [B, N]
    total = share.sum(1, keepdim=True).clamp_(min=_TINY)  # [B, 1]
    against = (top + total.log()).squeeze(1)  # [B]: log-sum-exp of the row's negatives
    excess = against[rows] - positive  # [P]
    miss = torch.sigmoid(excess)  # [P]: the probability the positive does not get
    loss = functional.softplus(excess)
    if weights is not None:
        miss, loss = miss * weights, loss * weights
    per_row = add_rows(torch.zeros_like(against), rows, miss)  # [B]
    return loss.sum(), -miss, share.mul_(per_row.unsqueeze(1) / total)


def self_adversarial(
    positive: Tensor, negative: Tensor, rows: Tensor, weights: Tensor | None, *, margin: float, temperature: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Self-adversarial negative sampling loss (Sun et al., 2019, RotatE).

    −log σ(γ + s⁺) − Σ pᵢ log σ(−γ − sᵢ⁻), with pᵢ the softmax of α sᵢ⁻, taken as constant; halved, as is usual.

    Args:
        positive: logits of the positives [P].
        negative: logits of the negatives [B, N]; `LEFT_OUT` marks those that don't count.
        rows: the row of each positive [P].
        weights: of the positives [P], or None.
        margin: γ.
        temperature: α.

    Returns:
        The summed loss (a scalar) and its slopes in `positive` [P] and `negative` [B, N].
    """
    share = negative * temperature  # [B, N]
    share = share.sub_(share.amax(1, keepdim=True).clamp_(min=_FLOOR)).exp_()
    share.div_(share.sum(1, keepdim=True).clamp_(min=_TINY))
    ones = torch.ones_like(positive) if weights is None else weights
    per_row = add_rows(torch.zeros(len(negative), dtype=ones.dtype, device=ones.device), rows, ones)  # [B]
    per_negative = (share * functional.softplus(negative + margin)).sum(1)  # [B]
    loss = (ones * functional.softplus(-margin - positive)).sum() + (per_row * per_negative).sum()
    to_positive = -ones * torch.sigmoid(-margin - positive)
    to_negative = share.mul_(torch.sigmoid(negative + margin)).mul_(per_row.unsqueeze(1))
    return loss / 2, to_positive / 2, to_negative / 2
