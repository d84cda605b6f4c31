"""What audience to expect, asked of the sample catalogue's release: simulated, and saying so."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from embeddings.release import locate
from queries.errors import NoAudience, NotInRelease
from queries.space import TitleSpace

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sample(sample_workspace: Path) -> TitleSpace:
    return TitleSpace.open(sample_workspace)


def test_every_country_is_ranked_with_an_interval_and_comparables_to_argue_with(sample: TitleSpace) -> None:
    answer = sample.audience("Apocalypse Now")
    assert sorted(answer["rank"]) == list(range(1, 21))
    assert (answer["low"] <= answer["expected"]).all()
    assert (answer["expected"] <= answer["high"]).all()
    assert answer["probability"].between(0, 1).all()
    assert set(answer["unit"]) == {"simulated viewers"}
    assert answer["simulated"].all()
    assert "simulated" in answer.attrs["note"]
    first = answer.iloc[0]
    assert first["country"] == "US"  # by far the largest of the simulated countries
    assert len(first["comparables"]) == len(first["comparable_ids"]) > 0
    assert "imdb:tt0078788" not in {other for names in answer["comparable_ids"] for other in names}


def test_comparables_carry_the_size_they_had_there(sample: TitleSpace) -> None:
    table = sample.release.table("audience.parquet").to_pandas()
    ids = sample.titles()["id"]
    observed = table.assign(id=ids.to_numpy()[table["title"]]).set_index(["id", "country"])["size"]
    for row in sample.audience("Apocalypse Now", ["ES", "US"]).itertuples():
        for name, other in zip(row.comparables, row.comparable_ids, strict=True):
            assert name.endswith(f"({observed[other, row.country]:,.10g})")


def test_titles_foreseen_as_larger_were_larger(sample: TitleSpace) -> None:
    """Rank correlation over titles within a country, each answered without its own size; the noise is large."""
    table = sample.release.table("audience.parquet").to_pandas()
    ids = sample.titles()["id"]
    some = table[table["country"] == "US"].sort_values("title")
    answer = sample.audience(ids.iloc[some["title"]].tolist(), "US").set_index("title_id")
    foreseen = answer["expected"].reindex(ids.iloc[some["title"]])
    correlation = pd.Series(foreseen.to_numpy()).corr(pd.Series(some["size"].to_numpy()), method="spearman")
    assert correlation > 0.25


def test_before_takes_later_comparables_away(sample: TitleSpace) -> None:
    launched = sample.titles().set_index("id")["launch"]
    answer = sample.audience("Apocalypse Now", "US", before="1970-01-01")
    years = sample.titles().set_index("id")["year"]
    others = answer["comparable_ids"].iloc[0]
    assert all(years[other] < 1970 for other in others if pd.isna(launched[other]))
    assert len(sample.audience("Apocalypse Now", "US", before="1850-01-01")["comparables"].iloc[0]) == 0


def test_several_titles_and_countries_are_answered_in_one_frame(sample: TitleSpace) -> None:
    answer = sample.audience(["Apocalypse Now", "Taxi Driver"], ["Spain", "MX"])
    assert len(answer) == 4
    assert set(answer["country"]) == {"ES", "MX"}
    alone = sample.audience("Taxi Driver", ["MX", "ES"])
    both = answer[answer["title"] == "Taxi Driver"].reset_index(drop=True)
    np.testing.assert_allclose(both["expected"], alone["expected"])


def test_a_country_without_audiences_is_named(sample: TitleSpace) -> None:
    with pytest.raises(NoAudience, match="AQ"):
        sample.audience("Apocalypse Now", "AQ")


def test_an_older_release_says_what_it_lacks(sample_workspace: Path, tmp_path: Path) -> None:
    import json

    folder = tmp_path / "old"
    shutil.copytree(locate(sample_workspace), folder)
    shutil.rmtree(folder / "audience_model")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"] = {name: v for name, v in manifest["files"].items() if not name.startswith("audience_model")}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(NotInRelease, match="model of audiences"):
        TitleSpace.open(folder).audience("Apocalypse Now")


def test_a_draft_is_answered_like_a_title(sample: TitleSpace) -> None:
    """What is said of it counts: made in India, it is expected to do better there than made in the United States."""
    told = {"tags": ["romance", "musical"], "kind": "film", "languages": ["hi"]}
    home, abroad = (sample.draft(**told, countries=[code]) for code in ("IN", "US"))
    answers = [sample.audience(draft, ["IN", "US"]).set_index("country") for draft in (home, abroad)]
    assert answers[0].loc["IN", "expected"] > answers[1].loc["IN", "expected"]
    assert answers[0].loc["US", "expected"] < answers[1].loc["US", "expected"]
    assert (answers[0]["comparables"].map(len) > 0).all()
    early = sample.draft(**told, launch="1930-01-01")
    assert not any(len(names) for names in sample.audience(early, "US")["comparables"])
