"""Joining with a veto, and choosing between rivals."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from ingest.resolution.decisions import ACCEPT, MARGIN, confidence, decide
from ingest.resolution.groups import Groups


def pairs(*rows: tuple[int, int, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["a", "b", "bits"])


def partition(groups: Groups) -> set[frozenset[int]]:
    members: dict[int, set[int]] = {}
    for thing in range(len(groups)):
        members.setdefault(groups.root(thing), set()).add(thing)
    return {frozenset(m) for m in members.values()}


def test_a_veto_is_inherited_by_the_group():
    groups = Groups(4)
    groups.mark([0, 3], one="imdb")
    groups.join(0, 1)
    groups.join(1, 2)
    assert groups.clash(2, 3)
    assert not Groups(4).clash(2, 3)


def test_film_and_series_clash_but_two_films_do_not():
    groups = Groups(3)
    groups.mark([0, 1], one="film", other="series")
    groups.mark([2], one="series", other="film")
    assert groups.clash(0, 2)
    assert groups.clash(2, 0)
    assert not groups.clash(0, 1)


def test_years_of_a_group_span_all_that_was_joined():
    groups = Groups(4, slack=1)
    groups.date(np.array([0, 1, 2]), np.array([2000, 2001, 2002]))
    assert not groups.clash(0, 1)
    assert groups.clash(0, 2)
    assert not groups.clash(1, 2)
    assert not groups.clash(2, 3), "what has no year contradicts none"
    groups.join(2, 3)
    assert groups.clash(3, 0)
    groups.join(0, 1)
    assert groups.clash(1, 2), "year by year one would come anywhere"


def test_things_said_to_differ_clash_through_any_chain():
    groups = Groups(4)
    groups.differ([(0, 3)])
    groups.join(0, 1)
    groups.join(3, 2)
    assert groups.clash(1, 2)


def test_the_better_candidate_is_taken_only_when_it_is_clearly_better():
    for lead, joined in ((MARGIN + 0.1, True), (MARGIN - 0.1, False)):
        groups = Groups(3)
        groups.mark([1, 2], one="imdb")
        merged, ambiguous = decide(pairs((0, 1, ACCEPT + 5), (0, 2, ACCEPT + 5 - lead)), groups)
        assert (len(merged) == 1) is joined
        assert (groups.root(0) == groups.root(1)) is joined
        assert len(ambiguous) == (0 if joined else 2)


def test_candidates_that_may_be_one_are_no_rivals():
    groups = Groups(3)
    merged, ambiguous = decide(pairs((0, 1, 8.0), (0, 2, 8.0)), groups)
    assert len(merged) == 2
    assert ambiguous.empty


def test_what_is_not_sure_enough_is_left_for_a_person():
    groups = Groups(2)
    merged, ambiguous = decide(pairs((0, 1, ACCEPT - 0.1)), groups)
    assert merged.empty
    assert len(ambiguous) == 1


def test_confidence_is_that_of_the_odds():
    assert confidence(pd.Series([0.0, 1.0, 5.0, 90.0])).tolist() == [0.5, 0.6667, 0.9697, 0.9999]


EDGES = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.sampled_from([3.0, 5.5, 6.0, 8.0, 9.5, 12.0])).filter(
        lambda edge: edge[0] < edge[1]
    ),
    max_size=25,
)


@given(EDGES, st.sets(st.integers(0, 9)), st.randoms())
def test_the_outcome_hangs_on_no_order_and_holds_no_clash(edges, numbered, random):
    outcomes = []
    for _ in range(2):
        groups = Groups(10)
        groups.mark(sorted(numbered), one="imdb")
        merged, ambiguous = decide(pairs(*edges), groups)
        outcomes.append((partition(groups), set(map(tuple, merged[["a", "b"]].to_numpy().tolist()))))
        random.shuffle(edges)
        assert all(len(group & numbered) <= 1 for group in partition(groups))
        assert len(merged) == 10 - len(partition(groups)), "each merge joins two groups: a spanning forest"
        for a, b in ambiguous[["a", "b"]].to_numpy().tolist():
            assert groups.root(a) != groups.root(b)
    assert outcomes[0] == outcomes[1]
