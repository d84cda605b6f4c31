"""What a workspace's settings say of a refresh."""

from __future__ import annotations

import pytest

from embeddings.errors import EmbeddingError
from titlegraph.refresh import release_settings


def test_settings_of_the_workspace_go_over_the_defaults() -> None:
    settings = release_settings({"graph": {"dim": 16}, "release": {"view_weights": {"graph": 1.0}}, "seed": 3})
    assert settings.graph.dim == 16
    assert settings.view_weights == {"graph": 1.0}
    assert settings.dim == release_settings({}).dim


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"graph": {"dimension": 16}}, "nothing is called 'dimension'; there are adversarial_temperature"),
        ({"release": {"epochs": 1}}, r"\[release\]: nothing is called 'epochs'"),
        ({"graph": {"dim": 0}}, "dim"),
    ],
)
def test_a_setting_that_is_none_is_named(settings: dict[str, object], says: str) -> None:
    with pytest.raises(EmbeddingError, match=says):
        release_settings(settings)
