"""Settings and triples refuse what makes no sense, and survive JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.errors import EmbeddingError
from embeddings.graph import EntityTypes, GraphSettings, Triples
from embeddings.graph.errors import SettingsError, TriplesError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dim", 0),
        ("epochs", 0),
        ("negatives", -1),
        ("dropout", 1.0),
        ("dropout", -0.1),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("scale", float("inf")),
        ("loss", "hinge"),
        ("optimizer", "sgd"),
        ("sampling", "random"),
        ("schedule", "warm"),
        ("similarity", "l1"),
        ("device", "tpu"),
        ("precision", "float8"),
        ("seed", -1),
    ],
)
def test_a_setting_out_of_range_is_named(name: str, value: object) -> None:
    with pytest.raises(SettingsError) as caught:
        GraphSettings(**{name: value})  # type: ignore[arg-type]
    assert caught.value.name == name
    assert name in str(caught.value)
    assert isinstance(caught.value, EmbeddingError)


@given(st.integers(1, 10**7), st.integers(1, 10**7))
def test_sizes_are_chosen_for_every_graph(num_triples: int, num_entities: int) -> None:
    settings = GraphSettings().resolved(num_triples=num_triples, num_entities=num_entities)
    assert settings.epochs is not None
    assert settings.batch_size is not None
    assert 0.001 <= (settings.regularization or 0) <= 0.03
    assert 1 <= (settings.negatives or 0) <= num_entities
    assert settings.resolved(num_triples=5, num_entities=10**9) == settings
    assert GraphSettings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


def test_negatives_are_drawn_by_degree_where_they_are_few_among_the_entities() -> None:
    assert GraphSettings().resolved(num_triples=600_000, num_entities=150_000).sampling == "degree"
    assert GraphSettings().resolved(num_triples=272_115, num_entities=14_505).sampling == "uniform"
    typed = GraphSettings(sampling="typed").resolved(num_triples=600_000, num_entities=150_000)
    assert typed.sampling == "typed"


def test_settings_of_another_version_can_be_read() -> None:
    assert GraphSettings.from_dict({"dim": 7, "from_the_future": True}) == GraphSettings(dim=7)


@pytest.mark.parametrize(
    "columns",
    [
        {"heads": [0, 1]},
        {"heads": [3]},
        {"tails": [-1]},
        {"relations": [1]},
        {"heads": [0.5]},
        {"weights": [1.0, 2.0]},
        {"weights": [float("nan")]},
        {"weights": [-1.0]},
        {"heads": [[0]], "relations": [[0]], "tails": [[0]]},
    ],
    ids=str,
)
def test_triples_that_contradict_themselves_are_refused(columns: dict[str, object]) -> None:
    good: dict[str, object] = {"heads": [0], "relations": [0], "tails": [1], "num_entities": 3, "num_relations": 1}
    Triples(**good)  # type: ignore[arg-type]
    with pytest.raises(TriplesError):
        Triples(**good | columns)  # type: ignore[arg-type]


def test_types_must_fit_the_triples() -> None:
    facts = Triples.from_array([[0, 0, 1], [1, 1, 2]])
    types = EntityTypes.observed([0, 1, 1], facts)
    assert types.heads.tolist() == [[True, False], [False, True]]
    assert types.tails.tolist() == [[False, True], [False, True]]
    with pytest.raises(TriplesError):
        EntityTypes(codes=np.array([0, 2]), heads=np.ones((1, 2)), tails=np.ones((1, 2)))
    with pytest.raises(TriplesError):
        Triples.from_array([[0, 0, 1]]).__class__(
            heads=[0], relations=[0], tails=[1], num_entities=2, num_relations=1, types=types
        )
