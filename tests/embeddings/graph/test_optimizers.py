"""Row-wise optimizers against torch's own and against the formulas, and the rows they leave alone."""

from __future__ import annotations

import pytest
import torch

from embeddings.graph.optimizers import RowwiseAdagrad, RowwiseAdam, RowwiseOptimizer


def steps(optimizer: RowwiseOptimizer | torch.optim.Optimizer, table: torch.Tensor, gradients: torch.Tensor) -> None:
    for gradient in gradients:
        table.grad = gradient.clone()
        optimizer.step()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda p: RowwiseAdagrad(p, lr=0.3), lambda p: torch.optim.Adagrad(p, lr=0.3)),
        (
            lambda p: RowwiseAdam(p, lr=0.01, betas=(0.9, 0.99)),
            lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.9, 0.99)),
        ),
    ],
    ids=["adagrad", "adam"],
)
def test_with_rows_of_length_one_they_are_torchs(ours, theirs) -> None:  # type: ignore[no-untyped-def]
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(5, 1, generator=generator, dtype=torch.float64)
    gradients = torch.randn(20, 5, 1, generator=generator, dtype=torch.float64)
    a, b = torch.nn.Parameter(start.clone()), torch.nn.Parameter(start.clone())
    steps(ours([a]), a, gradients)
    steps(theirs([b]), b, gradients)
    torch.testing.assert_close(a, b, rtol=1e-7, atol=1e-9)


def test_adagrad_divides_by_the_roots_of_the_summed_mean_squares() -> None:
    table = torch.nn.Parameter(torch.zeros(3, 4, dtype=torch.float64))
    gradients = torch.randn(6, 3, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    steps(RowwiseAdagrad([table], lr=0.5), table, gradients)
    expected = torch.zeros(3, 4, dtype=torch.float64)
    for row in range(3):
        total = 0.0
        for gradient in gradients[:, row]:
            total += (gradient**2).mean().item()
            expected[row] -= 0.5 * gradient / total**0.5
    torch.testing.assert_close(table.data, expected)


@pytest.mark.parametrize("kind", [RowwiseAdagrad, RowwiseAdam])
def test_sparse_gradients_touch_their_rows_only_and_agree_with_dense_ones(kind: type[RowwiseOptimizer]) -> None:
    start = torch.randn(6, 3, generator=torch.Generator().manual_seed(2))
    values = torch.randn(3, 3, generator=torch.Generator().manual_seed(3))
    rows = torch.tensor([4, 1, 4])  # row 4 twice: its gradients add up
    sparse = torch.nn.Parameter(start.clone())
    sparse.grad = torch.sparse_coo_tensor(rows[None], values, (6, 3), check_invariants=True)
    optimizer = kind([sparse])
    optimizer.step()
    dense = torch.nn.Parameter(start[[1, 4]].clone())
    dense.grad = torch.stack([values[1], values[0] + values[2]])
    kind([dense]).step()
    torch.testing.assert_close(sparse.data[[1, 4]], dense.data)
    assert torch.equal(sparse.data[[0, 2, 3, 5]], start[[0, 2, 3, 5]])
    assert not optimizer.state_of(sparse)["sum"][[0, 2, 3, 5]].any()
