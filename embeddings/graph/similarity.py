"""Similarity of B queries to N shared candidates in one matrix product, and its gradient, written by hand.

‖q − e‖² = ‖q‖² + ‖e‖² − 2 q·e, clamped before the root: rounding can make the right side negative, and the root's
slope is infinite at zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

_EPSILON = 1e-9  # smallest squared distance


class Similarity(Protocol):
    """Scores and their gradient, for queries against shared candidates and against their own answers."""

    def shared(self, queries: Tensor, candidates: Tensor) -> Tensor:
        """Scores [B, N] of queries [B, d] against candidates [N, d]."""

    def shared_backward(
        self, queries: Tensor, candidates: Tensor, scores: Tensor, slopes: Tensor, /
    ) -> tuple[Tensor, Tensor]:
        """Gradients [B, d], [N, d] from the loss's slopes [B, N] in the scores; may overwrite scores and slopes."""

    def paired(self, queries: Tensor, answers: Tensor) -> Tensor:
        """Scores [P] of pairs queries [P, d], answers [P, d]."""

    def paired_backward(
        self, queries: Tensor, answers: Tensor, scores: Tensor, slopes: Tensor, /
    ) -> tuple[Tensor, Tensor]:
        """Gradients [P, d], [P, d] from the loss's slopes [P] in the scores."""


@dataclass(frozen=True, slots=True)
class Euclidean:
    """−‖q − e‖₂, TransE's similarity.

    With `half` the matrix products take bfloat16 (8 bits of mantissa), as a GPU's matrix units like them. Everything
    else, and the distances of the positives, stay in full precision.
    """

    half: bool = False

    def shared(self, queries: Tensor, candidates: Tensor) -> Tensor:
        squared = self._product(queries * -2, candidates.T)  # [B, N]
        squared.add_(candidates.square().sum(1)).add_(queries.square().sum(1, keepdim=True))
        return squared.clamp_(min=_EPSILON).sqrt_().neg_()

    def shared_backward(
        self, queries: Tensor, candidates: Tensor, scores: Tensor, slopes: Tensor, /
    ) -> tuple[Tensor, Tensor]:
        # d(−‖q − e‖)/dq = −(q − e)/‖q − e‖ = (q − e)/score
        pull = slopes.div_(scores)  # [B, N]
        to_queries = queries * pull.sum(1, keepdim=True) - self._product(pull, candidates)  # [B, d]
        to_candidates = candidates * pull.sum(0).unsqueeze(1) - self._product(pull.T, queries)  # [N, d]
        return to_queries, to_candidates

    def paired(self, queries: Tensor, answers: Tensor) -> Tensor:
        return (queries - answers).square_().sum(1).clamp_(min=_EPSILON).sqrt_().neg_()

    def paired_backward(
        self, queries: Tensor, answers: Tensor, scores: Tensor, slopes: Tensor, /
    ) -> tuple[Tensor, Tensor]:
        to_queries = (queries - answers).mul_((slopes / scores).unsqueeze(1))  # [P, d]
        return to_queries, -to_queries

    def _product(self, left: Tensor, right: Tensor) -> Tensor:
        return product(left, right, half=self.half)


@dataclass(frozen=True, slots=True)
class Dot:
    """q · e, the similarity of DistMult's kind; `half` as for `Euclidean`."""

    half: bool = False

    def shared(self, queries: Tensor, candidates: Tensor) -> Tensor:
        return product(queries, candidates.T, half=self.half)

    def shared_backward(
        self, queries: Tensor, candidates: Tensor, _scores: Tensor, slopes: Tensor, /
    ) -> tuple[Tensor, Tensor]:
        return product(slopes, candidates, half=self.half), product(slopes.T, queries, half=self.half)

    def paired(self, queries: Tensor, answers: Tensor) -> Tensor:
        return (queries * answers).sum(1)

    def paired_backward(
        self, queries: Tensor, answers: Tensor, _scores: Tensor, slopes: Tensor, /
    ) -> tuple[Tensor, Tensor]:
        return answers * slopes.unsqueeze(1), queries * slopes.unsqueeze(1)


def product(left: Tensor, right: Tensor, *, half: bool) -> Tensor:
    """left @ right, of the dtype of `left`; with `half` in bfloat16."""
    return (left.bfloat16() @ right.bfloat16()).to(left.dtype) if half else left @ right


def similarity_of(name: str, *, half: bool = False) -> Similarity:
    """The similarity of that name: "l2" or "dot"."""
    return Dot(half) if name == "dot" else Euclidean(half)
