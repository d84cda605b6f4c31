"""Two arms asked the same questions: the difference, and how sure it is."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from embeddings.trials.paired import HELPS, HURTS, UNSURE, Comparison, compare, verdict


def test_worked_out_by_hand() -> None:
    without = np.array([[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    with_ = np.array([[0.2, 0.4, 0.2, 0.4], [0.2, 0.4, 0.2, 0.4]])  # both seeds gain alike: chance is in the questions
    found = compare("x", without, with_, np.arange(4))
    assert found is not None
    # standard deviation of .2 .4 .2 .4 is .11547; by √4 it is .057735
    assert (found.without, found.with_, found.difference) == (0, pytest.approx(0.3), pytest.approx(0.3))
    assert found.high - found.difference == pytest.approx(1.96 * 0.057735, abs=1e-5)
    # the same four, two by two of one group: two gains of .3 that agree exactly
    grouped = compare("x", without, with_, np.array([0, 0, 1, 1]))
    assert grouped is not None
    assert grouped.low == pytest.approx(0.3)


def test_seeds_that_disagree_make_it_unsure() -> None:
    rng = np.random.default_rng(0)
    base = rng.random((3, 500))
    gain = np.array([0.05, 0.10, -0.03])[:, None]
    found = compare("x", base, base + gain, np.arange(500))
    assert found is not None
    assert found.difference == pytest.approx(0.04)
    half = stats.t.ppf(0.975, 2) * np.std([0.05, 0.10, -0.03], ddof=1) / math.sqrt(3)
    assert found.high == pytest.approx(0.04 + half)
    assert found.verdict == UNSURE
    sure = compare("x", base, base + np.array([0.050, 0.051, 0.049])[:, None], np.arange(500))
    assert sure is not None
    assert sure.verdict == HELPS
    worse = compare("x", base, base + np.array([0.050, 0.051, 0.049])[:, None], np.arange(500), higher_is_better=False)
    assert worse is not None
    assert worse.verdict == HURTS


def test_questions_that_an_arm_could_not_answer_are_left_out() -> None:
    without = np.array([[0.1, np.nan, 0.3], [0.1, 0.2, 0.3]])
    found = compare("x", without, without + 0.1, np.arange(3))
    assert found is not None
    assert (found.questions, found.without) == (2, pytest.approx(0.2))
    assert compare("x", without[:, :0], without[:, :0], np.arange(0)) is None
    assert compare("x", np.full((2, 2), np.nan), np.ones((2, 2)), np.arange(2)) is None


def test_one_question_or_one_seed_says_nothing() -> None:
    one = compare("x", np.zeros((3, 1)), np.ones((3, 1)), np.arange(1))
    assert one is not None
    assert one.verdict == UNSURE
    seed = compare("x", np.zeros((1, 50)), np.ones((1, 50)), np.arange(50))
    assert seed is not None
    assert seed.verdict == UNSURE


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_nothing_is_found_where_nothing_is(seed: int) -> None:
    """Arms that differ by chance alone: a swap of the arms turns the difference round and nothing else."""
    rng = np.random.default_rng(seed)
    a, b = rng.random((2, 3, 40))
    there, back = compare("x", a, b, np.arange(40)), compare("x", b, a, np.arange(40))
    assert there is not None
    assert back is not None
    assert (there.low, there.high) == (pytest.approx(-back.high), pytest.approx(-back.low))


def test_intervals_hold_what_they_promise() -> None:
    rng = np.random.default_rng(1)
    hits, trials = 0, 300
    for _ in range(trials):
        questions = rng.normal(0.1, 0.5, 200)  # what the relation does to each question
        seeds = rng.normal(0, 0.05, (3, 1))  # what chance does to a training
        found = compare("x", np.zeros((3, 200)), questions + seeds + rng.normal(0, 0.2, (3, 200)), np.arange(200))
        assert found is not None
        hits += found.low <= 0.1 <= found.high
    assert 0.92 * trials <= hits


def test_the_verdict_weighs_all_figures() -> None:
    def figure(name: str, low: float, high: float) -> Comparison:
        return Comparison(figure=name, questions=9, without=0, with_=0, difference=0, low=low, high=high)

    better, worse, same = figure("a", 0.1, 0.2), figure("b", -0.2, -0.1), figure("c", -0.1, 0.1)
    assert verdict([better, same]) == "helps: a; no sure difference in c"
    assert verdict([worse]) == "hurts: b"
    assert verdict([better, worse, same]) == "can't tell: better in a, worse in b"
    assert verdict([same]) == "can't tell: no sure difference in c"
