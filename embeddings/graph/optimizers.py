"""Row-wise optimizers: one second moment for each row of a table, and only the rows a step used are touched.

Row-wise Adagrad keeps 4 bytes of state a row instead of 4·d; Adam's first moment is still a vector. Both are
`torch.optim.Optimizer`s that take sparse gradients; the training loop hands rows over directly (`step_rows`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer


class RowwiseOptimizer(Optimizer):
    """What the two have in common: sparse gradients in, used rows out."""

    def step_rows(self, table: Tensor, rows: Tensor, gradient: Tensor, *, lr: float) -> None:
        """Update distinct `rows` [U] of `table` [V, d] in place, given their gradient [U, d] and a learning rate."""
        raise NotImplementedError

    def initial_state(self, table: Tensor) -> dict[str, Tensor]:
        """The state of a table that has not been trained."""
        raise NotImplementedError

    def state_of(self, table: Tensor) -> dict[str, Tensor]:
        """State of one table; made when first asked for."""
        state: dict[str, Tensor] = self.state[table]
        if not state:
            state.update(self.initial_state(table))
        return state

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Update every parameter that has a gradient, sparse or dense; dense ones by all their rows."""
        loss = None if closure is None else closure()
        for group in self.param_groups:
            for table in group["params"]:
                if table.grad is None:
                    continue
                if table.grad.is_sparse:
                    grad = table.grad.coalesce()
                    self.step_rows(table, grad.indices()[0], grad.values(), lr=group["lr"])
                else:
                    flat = table.grad.reshape(len(table), -1)
                    self.step_rows(table, torch.arange(len(table), device=table.device), flat, lr=group["lr"])
        return loss


class RowwiseAdagrad(RowwiseOptimizer):
    """Adagrad with one accumulator a row: the running sum of the mean square of the row's gradient.

    Args:
        params: tables [V, d].
        lr: learning rate.
        eps: added to the root of the accumulator.
    """

    def __init__(self, params: Iterable[Any], lr: float = 0.3, eps: float = 1e-10) -> None:
        super().__init__(params, {"lr": lr, "eps": eps})

    def initial_state(self, table: Tensor) -> dict[str, Tensor]:
        return {"sum": torch.zeros(len(table), dtype=table.dtype, device=table.device)}

    def step_rows(self, table: Tensor, rows: Tensor, gradient: Tensor, *, lr: float) -> None:
        sums = self.state_of(table)["sum"]
        moment = sums.index_select(0, rows).add_(gradient.square().mean(1))  # [U]
        sums.index_copy_(0, rows, moment)
        scale = moment.sqrt_().add_(self.defaults["eps"]).reciprocal_().mul_(-lr)
        table.detach().index_add_(0, rows, gradient * scale.unsqueeze(1))


class RowwiseAdam(RowwiseOptimizer):
    """Adam with one second moment a row; moments of a row decay only in steps that use it ("lazy").

    Args:
        params: tables [V, d].
        lr: learning rate.
        betas: decay of the first and the second moment.
        eps: added to the root of the second moment.
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 0.01, betas: tuple[float, float] = (0.9, 0.99), eps: float = 1e-8
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})

    def initial_state(self, table: Tensor) -> dict[str, Tensor]:
        zeros = torch.zeros(len(table), dtype=table.dtype, device=table.device)
        return {"mean": torch.zeros_like(table, requires_grad=False), "sum": zeros, "steps": zeros.clone()}

    def step_rows(self, table: Tensor, rows: Tensor, gradient: Tensor, *, lr: float) -> None:
        state, (first, second) = self.state_of(table), self.defaults["betas"]
        steps = state["steps"].index_select(0, rows).add_(1)  # [U]
        mean = state["mean"].index_select(0, rows).lerp_(gradient, 1 - first)  # [U, d]
        moment = state["sum"].index_select(0, rows).lerp_(gradient.square().mean(1), 1 - second)  # [U]
        for name, value in (("steps", steps), ("mean", mean), ("sum", moment)):
            state[name].index_copy_(0, rows, value)
        root = (moment / (1 - second**steps)).sqrt_().add_(self.defaults["eps"])
        scale = (-lr / (1 - first**steps)) / root
        table.detach().index_add_(0, rows, mean * scale.unsqueeze(1))
