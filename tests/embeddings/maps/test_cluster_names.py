"""Clusters are called by what tells them from the rest."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from embeddings.maps.names import _different, _named, distinguishing, era

pytestmark = pytest.mark.slow


def test_log_odds_with_a_prior_by_hand() -> None:
    # The prior is a hundredth of what is said at all: of the first tag .1, of the second .9, of both 1.
    scores = distinguishing(np.array([8, 2]), np.array([2, 88]))
    for score, inside, outside in zip(scores, (8.1, 2.9), (2.1, 88.9), strict=True):
        odds = math.log(inside / (11 - inside)) - math.log(outside / (91 - outside))
        assert score == pytest.approx(odds / math.sqrt(1 / inside + 1 / outside))
    assert scores[0] > 0 > scores[1]


def test_what_everybody_has_tells_nothing_and_what_only_they_have_most() -> None:
    counts, rest = np.array([50, 40, 1]), np.array([950, 0, 0])
    scores = distinguishing(counts, rest)
    assert scores[1] > scores[2] > 0  # the same share of the rest, but seen more often
    assert scores[0] < 0


def test_tags_that_say_it_again_are_left_out() -> None:
    given = ["comedy", "Comedies", "war", "war film", "romantic comedy", "heist", "heists", "Science Fiction"]
    assert _different(given) == ["comedy", "war", "heist", "Science Fiction"]


def test_no_two_clusters_have_one_name() -> None:
    tags = ["a", "b", "c", "d"]
    named = _named({0: tags, 1: [*tags[:3], "e"], 2: tags, 3: tags, 5: [], 6: tags}, {2: None, 6: "1940s"})
    assert named == {0: "a, b, c", 1: "a, b, c, e", 2: "a, b, c, d", 3: "a, b, c (3)", 5: "(5)", 6: "a, b, c, 1940s"}


def test_a_cluster_with_few_tags_is_named_with_its_era() -> None:
    assert _named({0: ["Horror"], 1: ["Horror"]}, {0: "1940s", 1: None}) == {0: "Horror, 1940s", 1: "Horror"}
    assert era(pd.Series([1931, 1941, 1942, 1943, 2020])) == "1940s"
    assert era(pd.Series([1931, 1941, 1962, 1983, 2020])) is None
    assert era(pd.Series([None, None], dtype="Int64")) is None
