"""Two processes under torchrun learn what one learns."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from embeddings.graph import GraphModel, GraphSettings, train
from embeddings.graph.batches import TrainingQuestions
from embeddings.graph.distributed import share
from tests.embeddings.graph.graphs import grid_triples, random_triples

ROOT = Path(__file__).parents[3]
SCRIPT = """
import sys
from embeddings.graph import GraphSettings, train
from embeddings.graph.distributed import joined
from tests.embeddings.graph.graphs import grid_triples

epochs = []
with joined() as rank:
    model = train(
        grid_triples(),
        GraphSettings(dim=16, epochs=5, batch_size=64, negatives=60, dropout=0.1, threads=1),
        progress=lambda record: epochs.append(record["epoch"]),
    )
assert epochs == ([1, 2, 3, 4, 5] if rank == 0 else []), epochs
model.save(f"{sys.argv[1]}/{rank}")
"""


@pytest.mark.slow
def test_two_processes_learn_what_one_learns(tmp_path: Path) -> None:
    script = tmp_path / "job.py"
    script.write_text(SCRIPT)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1", "HOME": str(tmp_path)}
    done = subprocess.run(
        [*command, str(script), str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, second = (GraphModel.load(tmp_path / rank) for rank in ("0", "1"))
    assert np.array_equal(first.entities, second.entities)
    assert np.array_equal(first.relations, second.relations)
    alone = train(grid_triples(), GraphSettings(dim=16, epochs=5, batch_size=64, negatives=60, dropout=0.1, threads=1))
    np.testing.assert_allclose(first.entities, alone.entities, atol=2e-3)
    np.testing.assert_allclose(first.relations, alone.relations, atol=2e-3)
    assert first.history[-1]["loss"] == pytest.approx(alone.history[-1]["loss"], rel=1e-4)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_shares_of_a_batch_are_the_batch(size: int) -> None:
    questions = TrainingQuestions(random_triples(0))
    for batch in questions.epoch(np.random.default_rng(0), batch_size=20, answers=3):
        parts = [share(batch, rank, size) for rank in range(size)]

        def facts(part, rows, others):  # type: ignore[no-untyped-def]
            return zip(part.entities[rows].tolist(), part.relations[rows].tolist(), others.tolist(), strict=True)

        for rows, others in (("rows", "answers"), ("known_rows", "known_entities")):
            whole = sorted(facts(batch, getattr(batch, rows), getattr(batch, others)))
            split = [fact for part in parts for fact in facts(part, getattr(part, rows), getattr(part, others))]
            assert sorted(split) == whole
