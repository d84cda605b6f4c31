"""Training on a GPU: the same gradients, the same vectors for the same seed, no worse a model in half precision."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from embeddings.graph import GraphModel, GraphSettings, evaluate, train
from embeddings.graph.batches import TrainingQuestions
from embeddings.graph.negatives import NegativeSampler
from embeddings.graph.step import Step
from embeddings.graph.tables import Tables
from tests.embeddings.graph.graphs import grid_triples, random_triples, same

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU that torch can use")

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("loss", ["softmax", "self_adversarial"])
def test_a_step_on_the_gpu_has_the_gradients_of_one_on_the_cpu(loss: str) -> None:
    triples = random_triples(0)
    settings = GraphSettings(dim=16, negatives=24, loss=loss, regularization=0.01, precision="float32").resolved(
        num_triples=len(triples), num_entities=40
    )
    found = []
    for device in ("cpu", "cuda"):
        tables = Tables.make(triples, settings, torch.device(device))
        step = Step(settings, NegativeSampler(triples, settings), num_relations=triples.num_relations)
        batch = next(TrainingQuestions(triples).epoch(np.random.default_rng(1), batch_size=64, answers=4))
        found.append(step(tables.entities, tables.relations, batch, rng=np.random.default_rng(2)))
    on_cpu, on_gpu = found
    assert float(on_gpu.loss) == pytest.approx(float(on_cpu.loss), rel=1e-5)
    for name in ("entities", "relations"):
        ours, theirs = getattr(on_gpu, name), getattr(on_cpu, name)
        assert torch.equal(ours.rows.cpu(), theirs.rows)
        torch.testing.assert_close(ours.values.cpu(), theirs.values, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("loss", ["softmax", "self_adversarial"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_same_seed_gives_the_same_vectors_on_a_gpu(loss: str, precision: str) -> None:
    settings = GraphSettings(dim=32, epochs=4, batch_size=128, negatives=60, loss=loss, precision=precision)
    assert settings.device == "auto"  # a GPU is used where there is one
    first, second = (train(grid_triples(), settings) for _ in range(2))
    assert same(first, second)


def test_half_precision_costs_no_quality() -> None:
    triples = grid_triples()
    found = {
        (device, precision): evaluate(
            train(triples, GraphSettings(dim=32, epochs=60, device=device, precision=precision)), triples, []
        ).mrr
        for device, precision in (("cpu", "float32"), ("cuda", "float32"), ("cuda", "bfloat16"))
    }
    plain = found["cpu", "float32"]
    assert found["cuda", "float32"] == pytest.approx(plain, abs=0.02)
    assert found["cuda", "bfloat16"] == pytest.approx(plain, abs=0.02)


def test_a_model_goes_on_from_one_device_to_the_other() -> None:
    triples = grid_triples()
    on_gpu = train(triples, GraphSettings(dim=16, epochs=10, device="cuda"))
    further = train(triples, GraphSettings(dim=16, epochs=5, device="cpu"), start=on_gpu)
    assert further.history[0]["loss"] < on_gpu.history[2]["loss"]


def test_torchrun_trains_over_nccl(tmp_path: Path) -> None:
    script = tmp_path / "job.py"
    script.write_text(
        "import sys\n"
        "import torch.distributed as dist\n"
        "from embeddings.graph import GraphSettings, train\n"
        "from embeddings.graph.distributed import joined\n"
        "from tests.embeddings.graph.graphs import grid_triples\n"
        "with joined():\n"
        "    assert dist.get_backend() == 'nccl'\n"
        "    train(grid_triples(), GraphSettings(dim=16, epochs=5, negatives=60)).save(sys.argv[1])\n"
    )
    count = str(torch.cuda.device_count())
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", count]
    done = subprocess.run(
        [*command, str(script), str(tmp_path / "model")],
        env=dict(os.environ, PYTHONPATH=f"{ROOT}:{os.environ.get('PYTHONPATH', '')}"),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    alone = train(grid_triples(), GraphSettings(dim=16, epochs=5, negatives=60))
    np.testing.assert_allclose(GraphModel.load(tmp_path / "model").entities, alone.entities, atol=2e-3)
