"""Adding up rows of the same number, always in the same order."""

from __future__ import annotations

from torch import Tensor


def add_rows(table: Tensor, rows: Tensor, values: Tensor) -> Tensor:
    """table[rows[i]] += values[i], in place; returns the table [V] or [V, d].

    On CUDA `index_add_` adds in the order in which threads happen to come, and rounds differently each time;
    `index_put_` sorts first, so that the same seed gives the same vectors there too.

    Args:
        rows: int64 [n], with repetitions.
        values: [n] or [n, d].
    """
    if table.is_cuda:
        return table.index_put_((rows,), values, accumulate=True)
    return table.index_add_(0, rows, values)
