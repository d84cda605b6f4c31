"""Models are saved, scored and asked for drafts."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from embeddings.graph import GraphModel, Triples, embed, evaluate
from embeddings.graph.drafts import unseen, with_drafts
from embeddings.graph.errors import CorruptModelError
from tests.embeddings.graph.graphs import grid_triples, random_model, same


def test_a_draft_is_the_weighted_least_squares_answer(lattice: tuple[Triples, Triples], trained: GraphModel) -> None:
    from scipy.optimize import minimize

    facts = Triples.from_array([[156, 0, 5], [156, 2, 144], [3, 1, 156]], num_entities=157, num_relations=3)
    (vector,) = embed(trained, facts)

    # how closely a relation's facts are met in general
    whole, relation = lattice[0], lattice[0].relations
    distances = trained.score(whole.heads, relation, whole.tails) ** 2
    weight = [1 / distances[relation == r].mean() for r in range(3)]

    def misfit(x: np.ndarray) -> float:
        gaps = [(0, x + trained.relations[0] - trained.entities[5])]
        gaps += [(2, x + trained.relations[2] - trained.entities[144])]
        gaps += [(1, trained.entities[3] + trained.relations[1] - x)]
        return float(sum(weight[r] * np.square(gap).sum() for r, gap in gaps))

    np.testing.assert_allclose(vector, minimize(misfit, np.zeros(16)).x, atol=1e-3)
    assert unseen(trained, facts).tolist() == [156]


def test_drafts_count_weights_and_ignore_each_other(trained: GraphModel) -> None:
    facts = Triples(
        heads=[156, 156, 157, 156],
        relations=[0, 0, 0, 0],
        tails=[5, 6, 7, 157],
        num_entities=158,
        num_relations=3,
        weights=[3.0, 1.0, 1.0, 9.0],
    )
    vectors = embed(trained, facts)
    expected = (3 * trained.entities[5] + trained.entities[6]) / 4 - trained.relations[0]
    np.testing.assert_allclose(vectors[0], expected, atol=1e-6)
    np.testing.assert_allclose(vectors[1], trained.entities[7] - trained.relations[0], atol=1e-6)


def test_drafts_can_be_evaluated_like_trained_entities(trained: GraphModel) -> None:
    facts = Triples.from_array([[156, 0, 5], [3, 1, 156], [157, 0, 158]], num_entities=159, num_relations=3)
    model = with_drafts(trained, facts)
    assert model.seen[[156, 157, 158]].tolist() == [True, False, False]
    np.testing.assert_array_equal(model.entities[156], embed(trained, facts)[0])
    np.testing.assert_array_equal(model.entities[:156], trained.entities)
    report = evaluate(model, facts, [facts[:0]])
    assert report.unseen == 1
    assert report.mrr > 0.1


def test_a_draft_lies_near_the_trained_vector(trained: GraphModel) -> None:
    """The vector a cell gets from its edges alone lies nearer to its trained vector than to most others."""
    everything = grid_triples()
    ranks = []
    for cell in range(20, 40):
        own = everything[(everything.heads == cell) | (everything.tails == cell)]
        blank = dataclasses.replace(trained, seen=np.arange(156) != cell)
        (vector,) = embed(blank, own)
        distance = np.linalg.norm(trained.entities - vector, axis=1)
        ranks.append(int((distance < distance[cell]).sum()))
    assert np.median(ranks) < 8


def test_models_survive_saving(tmp_path: Path, trained: GraphModel) -> None:
    trained.save(tmp_path / "model")
    loaded = GraphModel.load(tmp_path / "model")
    assert same(trained, loaded)
    assert loaded.settings == trained.settings
    assert loaded.history == trained.history
    trained.save(tmp_path / "published", state=False)
    assert not GraphModel.load(tmp_path / "published").state
    assert {path.suffix for path in (tmp_path / "model").iterdir()} == {".json", ".safetensors"}


def test_the_score_is_minus_the_distance(trained: GraphModel) -> None:
    h, r, t = np.array([0, 1, 2]), np.array([0, 1, 2]), np.array([5, 6, 7])
    expected = -np.sqrt(np.square(trained.entities[h] + trained.relations[r] - trained.entities[t]).sum(1))
    np.testing.assert_allclose(trained.score(h, r, t), expected, rtol=1e-6)
    assert trained.score(0, 0, np.arange(156)).shape == (156,)


@pytest.mark.parametrize("damage", ["missing", "truncated", "format", "not json"])
def test_damaged_models_are_refused(tmp_path: Path, damage: str) -> None:
    random_model(0).save(tmp_path)
    about, tables = tmp_path / "graph.json", tmp_path / "graph.safetensors"
    if damage == "missing":
        tables.unlink()
    elif damage == "truncated":
        tables.write_bytes(tables.read_bytes()[:50])
    elif damage == "format":
        about.write_text(json.dumps(json.loads(about.read_text()) | {"format": 99}))
    else:
        about.write_text("{")
    with pytest.raises(CorruptModelError):
        GraphModel.load(tmp_path)


def test_importing_the_package_is_cheap() -> None:
    import subprocess
    import sys

    code = (
        "import sys, embeddings.graph as g; g.Triples; g.GraphModel; g.evaluate; g.embed; "
        "print([m for m in ('torch', 'pykeen', 'pandas', 'scipy', 'sklearn', 'optuna') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_public_names_are_what_is_visible() -> None:
    import embeddings.graph

    assert dir(embeddings.graph) == embeddings.graph.__all__
    for name in embeddings.graph.__all__:
        assert getattr(embeddings.graph, name).__name__ == name
