"""What comparable titles had for an audience, worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date

import numpy as np
import pytest

from queries.errors import BadQuestion, EmptyQuestion, NoAudience, UnknownCountry
from queries.space import TitleSpace


def cosine(degrees: float) -> float:
    return math.cos(math.radians(degrees))


def test_sizes_of_comparables_count_by_similarity(space: TitleSpace) -> None:
    # 21 Grams (2003, at 60°) was preceded by Apocalypse Now (1979, 0°) and Aguirre (1972, 20°); Babel came later.
    row = space.audience_features("21 Grams", "ES").set_index("unit").loc["tickets"]
    assert row["title_id"] == "imdb:tt02"
    assert row["observed"] == 10
    assert row["comparable_ids"] == ["imdb:tt08", "imdb:tt01"]
    assert row["comparables"] == ["Aguirre, the Wrath of God (7)", "Apocalypse Now (100)"]
    w = [cosine(40), cosine(60)]
    expected = math.expm1((w[0] * math.log1p(7) + w[1] * math.log1p(100)) / sum(w))
    assert row["comparable_size"] == pytest.approx(expected, rel=1e-5)
    assert row["comparable_count"] == 2
    assert row["comparable_similarity"] == pytest.approx(sum(w) / 2, rel=1e-5)
    assert row["country_mean"] == pytest.approx(math.sqrt(8 * 101) - 1)
    assert row["simulated"]


def test_the_share_of_comparables_with_an_audience_there(space: TitleSpace) -> None:
    row = space.audience_features("21 Grams", "MX").set_index("unit").loc["tickets"]
    assert row["comparable_ids"] == ["imdb:tt01"]  # Aguirre is known to have had an audience, but not there
    assert row["comparable_share"] == pytest.approx(cosine(60) / (cosine(60) + cosine(40)), rel=1e-5)
    assert np.isnan(row["observed"])


def test_units_are_never_mixed(space: TitleSpace) -> None:
    frame = space.audience_features(["Babel", "21 Grams"], ["ES", "Mexico"])
    assert len(frame) == 2 * 2 * 2
    row = frame.set_index(["title_id", "country", "unit"]).loc[("imdb:tt03", "ES", "chart points")]
    # 21 Grams in its first eight weeks: 20 + 5; what it had in May is not counted.
    assert row["observed"] == 9
    assert row["comparable_ids"] == ["imdb:tt02"]
    assert row["comparable_size"] == pytest.approx(25)
    assert not row["simulated"]


def test_nothing_is_used_that_was_not_known_before(space: TitleSpace) -> None:
    # 21 Grams charted before Babel: for it, nothing in this unit had happened yet.
    row = space.audience_features("21 Grams", "ES").set_index("unit").loc["chart points"]
    assert row["comparable_count"] == 0
    assert np.isnan(row["comparable_size"])
    # Asked as of a day on which the eight weeks of 21 Grams were not over, Babel has no comparable either.
    early = space.audience_features("Babel", "ES", before="2022-01-12").set_index("unit")
    assert early.loc["chart points", "comparable_count"] == 0
    assert early.loc["tickets", "comparable_count"] == 3
    older = space.audience_features("Babel", "ES", before="1975-01-01").set_index("unit")
    assert older.loc["tickets", "comparable_ids"] == ["imdb:tt08"]


def test_of_a_year_in_which_a_title_charted_the_chart_knows_the_day(
    make: Callable[[list[tuple[str, int | None, date | None]]], TitleSpace],
) -> None:
    # title, year, first day on the chart; b came before c in the same year, d came later, e is of an older year.
    space = make(
        [
            ("a", 2021, date(2021, 1, 4)),
            ("b", 2022, date(2022, 1, 3)),
            ("c", 2022, date(2022, 4, 4)),
            ("d", 2022, date(2022, 7, 4)),
            ("e", 1990, date(2022, 1, 10)),
            ("f", None, date(2021, 2, 1)),
            ("g", 2022, None),
        ]
    )

    def comparables(title: str) -> set[str]:
        [ids] = space.audience_features(title, "ES")["comparable_ids"]
        return {name.removeprefix("title:") for name in ids}

    assert comparables("c") == {"a", "b", "e", "f"}
    assert comparables("e") == set()  # what it charted for is old, and nothing is older
    assert comparables("g") == {"a", "e", "f"}  # some day of 2022: only older years are surely before it


def test_a_horizon_that_is_not_over_is_no_outcome(space: TitleSpace) -> None:
    # The Wire charted in June, and the chart ends in June: it is nobody's comparable.
    frame = space.audience_features("Unseen", "MX").set_index("unit")
    assert frame.loc["chart points", "comparable_count"] == 0
    assert np.isnan(frame.loc["chart points", "country_mean"])


def test_all_countries_with_an_audience_by_default(space: TitleSpace) -> None:
    assert set(space.audience_features("Babel")["country"]) == {"ES", "MX"}
    assert space.audience_features("Babel", k=1).set_index(["country", "unit"])["comparable_count"].max() == 1


def test_bad_questions(space: TitleSpace) -> None:
    with pytest.raises(NoAudience, match="No audience is known in JP; the release has some in ES, MX"):
        space.audience_features("Babel", ["ES", "JP"])
    with pytest.raises(UnknownCountry, match="Did you mean Spain"):
        space.audience_features("Babel", "Spian")
    with pytest.raises(EmptyQuestion):
        space.audience_features("Babel", [])
    with pytest.raises(EmptyQuestion):
        space.audience_features([])
    with pytest.raises(BadQuestion, match="2022-04-03"):
        space.audience_features("Babel", before="soon")
