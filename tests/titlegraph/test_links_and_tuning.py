"""Missing facts, related entities and the search for settings, as a user meets them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from embeddings.errors import NothingToLearn, UnknownSetting
from embeddings.graph.errors import SettingsError
from kg import KnowledgeGraph
from kg.tables import Batch
from queries.errors import BadRelation
from queries.space import TitleSpace
from titlegraph.commands import app


def answer(*arguments: object) -> object:
    done = CliRunner().invoke(app, [*map(str, arguments), "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.slow
def test_a_release_knows_how_far_its_probabilities_can_be_trusted(sample_workspace: Path) -> None:
    space = TitleSpace.open(sample_workspace)
    about = space.metrics["edge_probabilities"]
    assert about["error"] <= 0.05
    assert about["top_error"] <= 0.05
    assert "the right type" in about["protocol"]
    assert sum(about["reliability"]["count"]) > 10_000


@pytest.mark.slow
def test_predictions_are_new_and_of_the_right_type(sample_workspace: Path) -> None:
    kg, space = KnowledgeGraph.open(sample_workspace), TitleSpace.open(sample_workspace)
    facts = kg.triples()
    types = kg.entities().set_index("id")["type"]
    for relation in ("storyline", "directed_by", "has_genre"):
        known = facts[facts["relation"] == relation]
        allowed = {name for name in kg.schema.types if kg.schema.is_a(name, kg.schema.relation(relation).range)}
        allowed |= {name for name in kg.schema.types if kg.schema.is_a(kg.schema.relation(relation).range, name)}
        for head in known["head"].unique()[:20]:
            found = space.predict(head, relation, k=50)
            assert not set(found["id"]) & set(known.loc[known["head"] == head, "tail"])
            assert set(types[found["id"]]) <= allowed
            assert found["probability"].is_monotonic_decreasing
            assert found["probability"].between(0, 1).all()
            assert found["score"].is_monotonic_decreasing


@pytest.mark.slow
def test_the_shell_says_what_python_says(sample_workspace: Path) -> None:
    space = TitleSpace.open(sample_workspace)
    found = answer("predict", sample_workspace, "21 Grams", "storyline", "-k", 3)
    expected = space.predict("21 Grams", "storyline", k=3)
    assert [row["id"] for row in found] == expected["id"].tolist()  # type: ignore[attr-defined]
    found = answer("related", sample_workspace, "21 Grams", "--kind", "person", "-k", 4)
    assert [row["id"] for row in found] == space.related("21 Grams", kind="person", k=4)["id"].tolist()  # type: ignore[attr-defined]
    shown = CliRunner().invoke(app, ["predict", str(sample_workspace), "21 Grams", "storyline"]).stdout
    assert "probability" in shown
    with pytest.raises(BadRelation):
        answer("predict", sample_workspace, "21 Grams", "storyline", "--inverse")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Twenty films that have four tags each, and a graph model that is trained in no time."""
    kg = KnowledgeGraph.create(tmp_path / "w", seed=1)
    films = [f"title:{i}" for i in range(20)]
    pairs = [(film, f"tag:{(i % 4) * 3 + j}") for i, film in enumerate(films) for j in range(5)]
    kg.add(
        Batch(
            source="test",
            entities=pd.DataFrame({"id": films, "type": "Film", "label": films}),
            facts=pd.DataFrame(pairs, columns=["head", "tail"]).assign(relation="storyline"),
        ),
        strict=True,
    )
    file = tmp_path / "w" / "workspace.toml"
    text = file.read_text().replace("share = 0.02", "share = 0.1\nvalid = 0.15  # mine")
    file.write_text(text + "[graph]\nepochs = 2  # quick\nthreads = 1\n")
    return tmp_path / "w"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_best_settings_found_are_saved_beside_what_was_there(small: Path) -> None:
    before = (small / "workspace.toml").read_text()
    found = answer("tune", small, "--trials", 2)
    assert (small / "workspace.toml").read_text() == before  # not asked to save
    assert [trial["whole"] for trial in found["trials"]] == [False] * 2 + [True] * 3  # type: ignore[index]
    assert all(trial["settings"]["epochs"] == 2 for trial in found["trials"])  # type: ignore[index]
    in_no_time = answer("tune", small, "--minutes", 0)
    assert [trial["whole"] for trial in in_no_time["trials"]] == [True]  # type: ignore[index]
    found = answer("tune", small, "--trials", 1, "--save")
    after = (small / "workspace.toml").read_text()
    settings = tomllib.loads(after)["graph"]
    assert settings == {"epochs": 2, "threads": 1} | found["saved"]  # type: ignore[index]
    assert "epochs = 2  # quick" in after
    assert "valid = 0.15  # mine" in after


def test_without_facts_to_validate_with_there_is_nothing_to_choose_by(small: Path) -> None:
    file = small / "workspace.toml"
    file.write_text(file.read_text().replace("valid = 0.15", "valid = 0.0"))
    with pytest.raises(NothingToLearn, match="valid"):
        answer("tune", small)
    file.write_text(file.read_text().replace("epochs = 2", "epoches = 2"))
    with pytest.raises(UnknownSetting, match="epoches"):
        answer("tune", small)
    file.write_text(file.read_text().replace("epoches = 2", "epochs = 0"))
    with pytest.raises(SettingsError, match="epochs"):
        answer("tune", small)
