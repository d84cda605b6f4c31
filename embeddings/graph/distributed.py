"""The same training in several processes (torchrun): each takes its share of every step's questions.

All processes draw the same steps and negatives from the same seed, compute the gradient of their own questions, and
add up each other's rows before the same update. The tables thus stay equal on every process, and equal, up to
rounding, to those of a training in one.

    torchrun --nproc-per-node 2 your_script.py        # whose body runs within `with joined():`
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
import torch.distributed as dist

from embeddings.graph.batches import Batch
from embeddings.graph.step import RowGradient, StepResult, sum_rows


@contextmanager
def joined(backend: str | None = None) -> Iterator[int]:
    """Take part in the processes torchrun started; gives this process's rank. Alone, it does nothing and gives 0.

    Args:
        backend: default: "nccl" where there is CUDA, else "gloo".
    """
    if "WORLD_SIZE" not in os.environ or not dist.is_available():
        yield 0
        return
    backend = backend or ("nccl" if torch.cuda.is_available() else "gloo")
    if backend == "nccl":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    dist.init_process_group(backend)
    try:
        yield dist.get_rank()
    finally:
        dist.destroy_process_group()


def world() -> tuple[int, int]:
    """This process's rank and the number of processes; (0, 1) alone."""
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank(), dist.get_world_size()
    return 0, 1


def share(batch: Batch, rank: int, size: int) -> Batch:
    """Every `size`-th question of a batch, from the `rank`-th on, with its answers."""
    if size == 1:
        return batch
    own = slice(rank, None, size)
    mine, known = batch.rows % size == rank, batch.known_rows % size == rank
    return Batch(
        entities=batch.entities[own],
        relations=batch.relations[own],
        rows=batch.rows[mine] // size,
        answers=batch.answers[mine],
        weights=None if batch.weights is None else batch.weights[mine],
        known_rows=batch.known_rows[known] // size,
        known_entities=batch.known_entities[known],
    )


def added(result: StepResult) -> StepResult:
    """The sum of every process's step, the same on each."""
    if world()[1] == 1:
        return result
    totals = torch.stack([result.loss.double(), torch.tensor(result.weight, dtype=torch.double).to(result.loss.device)])
    dist.all_reduce(totals)
    return StepResult(
        totals[0].to(result.loss.dtype), float(totals[1]), _gathered(result.entities), _gathered(result.relations)
    )


def _gathered(gradient: RowGradient) -> RowGradient:
    """Rows of all processes, those of the same number added up in the order of ranks."""
    size = world()[1]
    lengths = [torch.zeros(1, dtype=torch.long, device=gradient.rows.device) for _ in range(size)]
    dist.all_gather(lengths, torch.tensor([len(gradient.rows)], device=gradient.rows.device))
    counts = [int(length) for length in lengths]
    longest = max(counts)
    rows = gradient.rows.new_zeros(longest)
    rows[: len(gradient.rows)] = gradient.rows
    values = gradient.values.new_zeros(longest, gradient.values.shape[1])
    values[: len(gradient.values)] = gradient.values
    all_rows = [torch.empty_like(rows) for _ in range(size)]
    all_values = [torch.empty_like(values) for _ in range(size)]
    dist.all_gather(all_rows, rows)
    dist.all_gather(all_values, values)
    return sum_rows(
        [part[:count] for part, count in zip(all_rows, counts, strict=True)],
        [part[:count] for part, count in zip(all_values, counts, strict=True)],
    )


def same_facts(fingerprint: str) -> bool:
    """Whether every process has the same facts."""
    if world()[1] == 1:
        return True
    own = torch.from_numpy(np.frombuffer(bytes.fromhex(fingerprint)[:8], dtype=np.int64).copy())
    if dist.get_backend() == "nccl":
        own = own.cuda()
    others = [torch.empty_like(own) for _ in range(world()[1])]
    dist.all_gather(others, own)
    return all(bool((other == own).all()) for other in others)
