"""The gate: what is refused, what is not, and what it says."""

from __future__ import annotations

import copy
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.errors import UnknownSetting
from embeddings.gate import GateSettings, judge


def manifest(name: str = "old", mrr: float = 0.30, width: float = 0.01, titles: int = 1000) -> dict[str, Any]:
    return {
        "id": name,
        "num_titles": titles,
        "views": {"graph": {"titles": titles}, "theme": {"titles": titles // 2}},
        "metrics": {"link_prediction": {"mrr": mrr, "interval": [mrr - width, mrr + width]}},
    }


def with_usefulness(about: dict[str, Any], ndcg: float, mrr: float, *, simulated: bool = False) -> dict[str, Any]:
    """As the usefulness report writes it."""
    found = {
        "simulated": simulated,
        "watched_too": {"near": {"fused": {"ndcg": {"mean": ndcg, "low": ndcg - 0.01, "high": ndcg + 0.01}}}},
        "adaptations": {"films": {"fused": {"mrr": {"mean": mrr, "low": mrr - 0.2, "high": mrr + 0.2}}}},
    }
    return about | {"metrics": about["metrics"] | {"usefulness": found}}


def test_an_equal_release_passes() -> None:
    verdict = judge(manifest("new"), manifest())
    assert verdict.passed
    assert [check.figure for check in verdict.checks] == [
        "MRR of link prediction",
        "number of titles",
        "titles in the graph view",
        "titles in the theme view",
    ]


def test_a_figure_that_fell_too_far_is_named_with_by_how_much() -> None:
    verdict = judge(manifest("new", mrr=0.27), manifest())
    assert not verdict.passed
    (failure,) = verdict.failures
    assert (failure.figure, failure.before, failure.after) == ("MRR of link prediction", 0.30, 0.27)
    assert str(verdict) == (
        "Release new is refused: MRR of link prediction fell from 0.3 to 0.27 (-10.0%); "
        "0.29 is allowed: the end of its confidence interval."
    )


def test_a_fall_within_the_confidence_interval_is_none() -> None:
    # 10 % less is more than 3 %, but the old figure is not known that well.
    assert judge(manifest("new", mrr=0.27), manifest(width=0.05)).passed
    assert not judge(manifest("new", mrr=0.24), manifest(width=0.05)).passed
    # A well-known figure may still fall by the share that the settings give.
    assert judge(manifest("new", mrr=0.295), manifest(width=0.001)).passed
    assert not judge(manifest("new", mrr=0.295), manifest(width=0.001), GateSettings(mrr_fall=0.01)).passed


def test_titles_that_are_gone_are_noticed_in_every_view() -> None:
    new = manifest("new")
    new["views"]["theme"]["titles"] = 300
    (failure,) = judge(new, manifest()).failures
    assert str(failure) == "titles in the theme view fell from 500 to 300 (-40.0%); 475 is allowed: 5% worse"
    del new["views"]["theme"]
    (failure,) = judge(new, manifest()).failures
    assert str(failure) == "titles in the theme view was 500 and is no longer measured"


def test_a_less_useful_release_is_refused() -> None:
    old = with_usefulness(manifest(), 0.30, 0.50)
    worse = with_usefulness(manifest("new"), 0.25, 0.40)
    (failure,) = judge(worse, old).failures  # the adaptations are too few to tell
    assert str(failure).startswith("who watches it too (near, NDCG) fell from 0.3 to 0.25 (-16.7%); 0.285 is allowed")
    assert not judge(with_usefulness(manifest("new"), 0.30, 0.20), old).passed
    assert judge(with_usefulness(manifest("new"), 0.35, 0.60), old).passed
    assert judge(manifest("new"), old).passed  # not measured this time
    simulated = with_usefulness(manifest(), 0.30, 0.50, simulated=True)
    assert judge(with_usefulness(manifest("new"), 0.25, 0.40, simulated=True), simulated).passed
    lost = with_usefulness(manifest("new"), 0.30, 0.50)
    lost["metrics"]["usefulness"]["adaptations"] = None
    assert "adaptations of one book (films, MRR) was 0.5 and is no longer measured" in str(judge(lost, old))


def test_comparables_must_not_reshuffle() -> None:
    def drifted(kept: float, before: str = "old") -> dict[str, Any]:
        about = manifest("new")
        views = {"fused": {"unchanged": {"kept_of_ten": {"mean": kept, "compared": 900}}}}
        about["metrics"]["drift"] = {"before": before, "views": views}
        return about

    assert judge(drifted(9.2), manifest()).passed
    (failure,) = judge(drifted(4.5), manifest()).failures
    assert "nearest titles kept, of ten is 4.5 (7 allowed at least, over 900 unchanged titles)" in str(failure)
    assert judge(drifted(4.5, before="another"), manifest()).passed
    assert judge(drifted(4.5), manifest(), GateSettings(kept_of_ten=4)).passed


def test_what_is_no_number_is_refused() -> None:
    assert not judge(manifest("new", mrr=math.nan), manifest()).passed
    assert not judge(manifest("new", mrr=math.nan), None).passed
    assert judge(manifest("new"), None).passed


@given(mrr=st.floats(0.01, 0.99), width=st.floats(0, 0.5), better=st.floats(1, 1.5))
def test_better_is_never_refused(mrr: float, width: float, better: float) -> None:
    old = manifest(mrr=mrr, width=width)
    new = copy.deepcopy(old) | {"id": "new"}
    new["metrics"]["link_prediction"]["mrr"] = mrr * better
    verdict = judge(new, old)
    assert verdict.passed
    assert json.loads(json.dumps(verdict.to_dict()))["passed"]


def test_settings_are_checked() -> None:
    assert GateSettings.of({"mrr_fall": 0.1}).mrr_fall == 0.1
    with pytest.raises(UnknownSetting, match="nothing is called 'mrr'; there are mrr_fall, usefulness_fall"):
        GateSettings.of({"mrr": 0.1})
    for bad in ({"mrr_fall": -0.1}, {"kept_of_ten": 11}, {"titles_fall": "much"}, {"mrr_fall": math.nan}):
        with pytest.raises(UnknownSetting, match="must lie in 0"):
            GateSettings.of(bad)
