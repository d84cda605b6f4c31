"""Countries that watch alike, and languages to prepare."""

from __future__ import annotations

import csv

import numpy as np
import pandas as pd
import pycountry
import pytest

from queries.errors import BadCount, NoAudience, UnknownCountry
from queries.languages import assumed, languages, spoken
from queries.space import TitleSpace
from queries.taste import _Tastes, _tastes


def tastes() -> _Tastes:
    """Four countries, 40 titles; A and B like even titles, C and D odd ones."""
    rng = np.random.default_rng(0)
    rows = [
        (title, country, float(np.exp(rng.normal(3 + (title % 2 == even), 0.5))), False)
        for country, even in (("AA", 0), ("BB", 0), ("CC", 1), ("DD", 1))
        for title in range(40)
    ]
    return _tastes(pd.DataFrame(rows, columns=["title", "country", "size", "simulated"]))


def test_taste_is_what_neither_title_nor_country_explains() -> None:
    made = tastes()
    assert np.abs(made.values.mean(axis=1)).max() < 1e-5
    assert made.values.std(axis=1) == pytest.approx(1, abs=1e-4)
    likeness = np.corrcoef(made.values)
    assert likeness[0, 1] > 0.3
    assert likeness[2, 3] > 0.3
    assert likeness[:2, 2:].max() < 0
    # A country that is larger in everything has the same taste.
    frame = pd.DataFrame(
        [
            (t, made.countries[c], float(np.expm1(c + 5 + made.values[c, t])), False)
            for c in range(4)
            for t in range(40)
        ],
        columns=["title", "country", "size", "simulated"],
    )
    louder = frame.assign(size=np.where(frame["country"] == "AA", (frame["size"] + 1) * 10 - 1, frame["size"]))
    assert np.allclose(_tastes(frame).values, _tastes(louder).values, atol=1e-3)


@pytest.mark.slow
def test_countries_like_a_country_with_what_both_watch_more(sample_space: TitleSpace) -> None:
    found = sample_space.countries_like("Spain", k=5)
    assert list(found.columns) == [
        "rank", "country", "name", "unit", "similarity", "titles", "because", "because_ids", "simulated",
    ]  # fmt: skip
    assert "ES" not in set(found["country"])
    assert found["similarity"].is_monotonic_decreasing
    assert found["simulated"].all()
    other = sample_space.countries_like(found["country"][0], k=100).set_index("country")
    assert other.loc["ES", "similarity"] == pytest.approx(found["similarity"][0], abs=1e-5)  # symmetric
    assert found["because_ids"].map(len).max() == 5


@pytest.mark.slow
def test_several_countries_are_answered_one_after_the_other(sample_space: TitleSpace) -> None:
    both = sample_space.countries_like(["ES", "Japan"], k=2)
    assert both["query"].unique().tolist() == ["ES", "JP"]
    assert both.groupby("query").size().tolist() == [2, 2]
    grown = sample_space.trends(["ES", "US"], by="genre", period="year", sure=False, k=2)
    assert set(grown["country"]) == {"ES", "US"}


def test_too_few_titles_in_common_are_no_likeness(space: TitleSpace) -> None:
    assert space.countries_like("ES").empty


def test_bad_countries(space: TitleSpace) -> None:
    with pytest.raises(NoAudience):
        space.countries_like("JP")
    with pytest.raises(UnknownCountry):
        space.countries_like("Atlantis")
    with pytest.raises(UnknownCountry):
        space.countries_like(float("nan"))  # type: ignore[arg-type]
    with pytest.raises(BadCount):
        space.countries_like("ES", 0)


def test_the_packaged_table_is_well_formed() -> None:
    for code, country in spoken().items():
        assert pycountry.countries.get(alpha_2=code), code
        assert country.people > 0
        assert country.habit in {"dubbing", "subtitles", "voice-over"}
        for language, share in country.shares.items():
            assert pycountry.languages.get(alpha_2=language), language
            assert 0 < share <= 1
    assert assumed(["QQ", "BR", "US"]) == ["pt"]
    assert assumed([]) == []


def test_the_table_covers_the_charts(shared_data: object) -> None:
    with open(f"{shared_data}/catalogue/netflix_top10/all-weeks-countries.tsv", encoding="utf-8") as file:
        codes = {row["country_iso2"] for row in csv.DictReader(file, delimiter="\t")}
    assert codes <= set(spoken())


def expected(**sizes: float) -> pd.DataFrame:
    rows = [("t", "T", country, "viewers", size, False) for country, size in sizes.items()]
    return pd.DataFrame(rows, columns=["title_id", "title", "country", "unit", "size", "simulated"])


def test_the_language_that_adds_most_comes_first() -> None:
    found = languages(expected(ES=100, FR=50, MX=10), {"t": ["en"]}, 3).set_index("language")
    assert found.index.tolist() == ["es", "fr", "ca"]
    assert found.loc["es", "added"] == pytest.approx(100 * 0.98 + 10 * 0.98)
    assert found.loc["es", "because"] == "ES 98, MX 9.8"
    assert found.loc["es", "prepare"] == "dubbing"
    assert found.loc["fr", "share"] == pytest.approx(50 * 0.97 / 160)
    # Of those who speak Catalan nearly all are served by Spanish: 2 of 100 are left in Spain.
    assert found.loc["ca", "added"] == pytest.approx(2)
    assert found.loc["ca", "audience"] == pytest.approx(19)


def test_nothing_is_prepared_in_the_original_language() -> None:
    found = languages(expected(ES=100, NL=100), {"t": ["es", "en"]}, 10)
    assert {"es", "en"}.isdisjoint(found["language"])
    # In the Netherlands English serves .80 already.
    assert found.set_index("language").loc["nl", "added"] == pytest.approx(20)
    assert languages(expected(ES=0.0), {"t": []}, 5).empty


def test_chart_points_count_by_the_people_of_a_country() -> None:
    frame = expected(JM=5, MX=1).assign(unit="chart points")
    found = languages(frame, {"t": []}, 2)
    assert found["language"].tolist() == ["es", "en"]  # 129 million people × 1 point against 2.8 × 5
    assert found["unit"].tolist() == ["chart points × million people"] * 2


def test_a_country_without_languages_is_named() -> None:
    found = languages(expected(AQ=10, ES=1), {"t": []}, 2)
    assert found["language"].tolist() == ["es", "ca"]
    assert "AQ" in found.attrs["note"]


def test_languages_of_titles(space: TitleSpace) -> None:
    found = space.languages(["21 Grams", "Amélie"], ["ES", "MX"])
    grams = found[(found["title_id"] == "imdb:tt02") & (found["unit"] == "tickets")]
    assert grams["language"].tolist()[0] == "es"
    assert grams["simulated"].all()
    guessed = space.languages("Unseen", ["ES"])
    assert "not known" in guessed.attrs["note"]
    assert "no model of audiences" in guessed.attrs["note"]


@pytest.mark.slow
def test_languages_follow_the_forecast(sample_space: TitleSpace) -> None:
    """Where only one country is asked about, its first language adds its share of what is foreseen there."""
    draft = sample_space.draft(tags=["heist"], kind="series", languages=["en"])
    forecast = sample_space.audience(draft, "JP")
    (row,) = sample_space.languages(draft, "JP", k=1).to_dict("records")
    assert row["language"] == "ja"
    listed = spoken()["JP"].shares
    people = (forecast["probability"] * forecast["expected"]).item()
    assert row["added"] == pytest.approx(people * min(listed["ja"], 1 - listed.get("en", 0)), rel=1e-6)
