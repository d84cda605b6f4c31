"""How far a release says that drafts can be trusted, and what that is measured on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.held_out_drafts import Without, figures
from embeddings.draft_trust import LEFT, Known, describable, nearest, overlap
from embeddings.release import Release
from kg.knowledge_graph import KnowledgeGraph


@pytest.fixture(scope="module")
def release(sample_workspace: Path) -> Release:
    return Release.open(sample_workspace)


@pytest.mark.slow
def test_what_taking_part_flatters_is_taken_off(release: Release) -> None:
    drafts = release.manifest["metrics"]["drafts"]
    assert drafts["by_inputs"].keys() == drafts["took_part"].keys() == {" + ".join(given) for given in describable()}
    for given, said in drafts["by_inputs"].items():
        for view, share in said.items():
            assert share == pytest.approx(drafts["took_part"][given][view] * LEFT.get(given, {}).get(view, 1), abs=6e-4)
    graph = {given: views["graph"] for given, views in drafts["by_inputs"].items()}
    assert graph["links"] < drafts["took_part"]["links"]["graph"] < 1
    assert drafts["by_inputs"]["summary"] == drafts["took_part"]["summary"]


def test_nothing_is_taken_off_what_nobody_can_describe() -> None:
    assert LEFT.keys() <= {" + ".join(given) for given in describable()}
    assert all(0 < left < 1 for views in LEFT.values() for left in views.values())


@pytest.mark.slow
def test_a_title_is_described_by_what_is_given_and_by_nothing_else(release: Release) -> None:
    known = Known(release)
    rows = known.able[:7]
    summary, tags, both = (known.told(rows, given) for given in (("summary",), ("tags",), ("tags", "links")))
    assert all(summary.content.summaries)
    assert not len(summary.entities)
    assert not any(tags.content.summaries)
    assert set(tags.drafts.tolist()) == set(range(7))
    said = set(tags.content.tags["relation"])
    assert {"storyline", "has_genre"} <= said
    assert not said & {"directed_by", "starring", "produced_in", "in_language"}
    assert "directed_by" in set(both.content.tags["relation"])
    assert not set(both.content.tags["relation"]) & {"produced_in", "in_language"}
    assert not any(both.labels)  # a name would give it away


def test_a_title_is_not_its_own_neighbour_and_one_that_is_not_there_has_none_to_leave_out() -> None:
    angles = np.linspace(0, 1, 30)
    matrix = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    found = nearest(matrix, matrix[[0, 0, 29]], np.array([0, -1, -1]))
    assert [sorted(row) for row in found.tolist()] == [[*range(1, 11)], [*range(10)], [*range(20, 30)]]
    np.testing.assert_allclose(overlap(found[:2], found[1:]), [0.9, 0.0])


def test_who_is_withheld_is_named_nowhere(graph: KnowledgeGraph) -> None:
    names = ("title:heist-1", "title:space-9")
    without = Without(graph.workspace, [graph.snapshot], unheard=names)
    for name in ("entities", "facts", "titles", "viewings", "audience"):
        before, table = getattr(graph, name)(), getattr(without, name)()
        named = np.logical_or.reduce([before[column].isin(names) for column in before.columns[:3]])
        assert named.any()
        assert len(table) == len(before) - named.sum()
        assert not any(table[column].isin(names).any() for column in table.columns)


def test_flattery_is_what_the_withheld_lose_more_than_the_others() -> None:
    said, kept = np.full(40, 0.8, np.float32), np.full(40, 0.6, np.float32)
    withheld = np.arange(40) < 20
    kept[withheld] = 0.3
    said[5] = np.nan
    found = figures(said, kept, withheld)
    assert (found["flattery"], found["low"], found["high"]) == (0.3, 0.3, 0.3)
    assert found["left"] == 0.5
