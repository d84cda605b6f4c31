"""Learning from content on a GPU: as good weights as a CPU learns, and the same ones from the same seed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from embeddings.content.settings import ContentSettings
from embeddings.content.training import Inputs, Trained, train_audience, train_categories

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU that torch can use")

TITLES, GROUPS, DIM, TAGS = 400, 4, 16, 12


def inputs(rng: np.random.Generator, group: np.ndarray) -> Inputs:
    """Titles whose summary, of up to 30 tokens, and tags tell the group; some have no summary."""
    counts = rng.integers(1, 30, TITLES) * (rng.random(TITLES) < 0.9)
    spans = np.stack([np.cumsum(counts) - counts, counts], axis=1)
    tokens = (2 * np.eye(GROUPS, DIM)[np.repeat(group, counts)] + rng.normal(size=(counts.sum(), DIM))) / 2
    means = np.stack([tokens[first : first + n].mean(axis=0) if n else np.zeros(DIM) for first, n in spans])
    which = (3 * group[:, None] + rng.integers(0, 4, (TITLES, 2))) % TAGS
    said = np.eye(TAGS)[which].mean(axis=1)
    return Inputs(
        parts=[means.astype(np.float32), said.astype(np.float32)],
        marks=rng.integers(0, 2**63, TITLES).astype(np.uint64),
        tokens=tokens.astype(np.float16),
        spans=spans,
        bags=(np.repeat(np.arange(TITLES), 2), which.ravel(), np.full(2 * TITLES, 0.5, dtype=np.float32)),
        num_tags=TAGS,
    )


def categories(settings: ContentSettings) -> Trained:
    rng = np.random.default_rng(0)
    group = rng.integers(0, GROUPS, TITLES)
    shares = (0.8 * np.eye(GROUPS)[group] + 0.2 * rng.dirichlet(np.ones(GROUPS), TITLES)).astype(np.float32)
    titles = np.sort(rng.choice(TITLES, 300, replace=False))
    counts = rng.integers(5, 90, len(titles)).astype(np.float32)
    return train_categories(inputs(rng, group), titles, shares[titles], counts, settings, seed=1)


def audience(settings: ContentSettings) -> Trained:
    rng = np.random.default_rng(0)
    group = rng.integers(0, GROUPS, TITLES)
    titles, units = np.tile(np.arange(TITLES), 2), np.repeat([0, 1], TITLES)
    sizes = rng.normal(size=(GROUPS, 6))[group[titles]] + 0.2 * rng.normal(size=(2 * TITLES, 6))
    measured = np.ones((2 * TITLES, 6), dtype=np.float32)
    measured[TITLES:, 4:] = 0
    return train_audience(inputs(rng, group), titles, units, sizes.astype(np.float32), measured, settings, seed=1)


@pytest.mark.parametrize("summaries", ["mean", "bigru"])
@pytest.mark.parametrize("learn", [categories, audience])
def test_a_gpu_learns_as_well_as_a_cpu_and_the_same_from_the_same_seed(
    learn: Callable[[ContentSettings], Trained], summaries: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ContentSettings(summaries=summaries, dim=16, hidden=32, gru=8, epochs=20, batch=64, free_tags=True)
    torch.cuda.init()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    first, second = learn(settings), learn(settings)
    assert torch.cuda.max_memory_allocated() > before  # it was there that it learnt
    for ours, theirs in ((first.encoder, second.encoder), (first.head, second.head)):
        assert ours.keys() == theirs.keys()
        assert all((ours[name] == theirs[name]).all() for name in ours)
    assert first.metrics == second.metrics
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    plain = learn(settings).metrics
    assert plain["loss"] < 0.9 * plain["baseline"]
    # A GPU draws other dropout. Six draws on a CPU differed by .008 of the baseline at most.
    assert first.metrics["loss"] == pytest.approx(plain["loss"], abs=0.02 * plain["baseline"])
