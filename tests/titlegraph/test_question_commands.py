"""The commands that ask, as a shell calls them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from queries.errors import QueryError
from titlegraph.commands import app


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


def asked(*arguments: str) -> Any:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.slow
def test_every_question_answers_in_words_and_as_json(sample_workspace: Path) -> None:
    space = str(sample_workspace)
    blended = asked("blend", space, "Apocalypse Now", "Babel", "-k", "3")
    assert [row["rank"] for row in blended] == [1, 2, 3]
    assert "meets" in run("blend", space, "Apocalypse Now", "Babel").stdout
    leaning = asked("lean", space, "Platoon", "Apocalypse Now", "Babel")
    assert leaning["lean"] < 0
    leanings = asked("lean", space, "Platoon", "21 Grams", "Apocalypse Now", "Babel")
    assert [three["lean"] < 0 for three in leanings["each"]] == [True, False]
    explained = asked("explain", space, "Platoon", "Apocalypse Now", "Babel")
    assert [pair["text"].partition(" and ")[2][:5] for pair in explained["each"]] == ["Apoca", "Babel"]
    assert len(asked("recommend", space, "Apocalypse Now", "-k", "4")) == 4
    assert {row["trend"] for row in asked("trends", space, "--by", "genre", "--period", "year", "--unsure")}
    assert asked("countries-like", space, "ES", "-k", "2")[0]["rank"] == 1
    assert asked("languages", space, "Stranger Things", "-c", "ES", "-k", "1")[0]["language"] == "es"


@pytest.mark.slow
def test_similar_takes_views_weights_wishes_and_facts(sample_workspace: Path) -> None:
    space = str(sample_workspace)
    both = asked("similar", space, "Apocalypse Now", "--view", "graph=0.3", "--view", "theme=0.7", "-k", "2")
    assert both[0]["similarity"] == pytest.approx(
        0.3 * both[0]["similarity_graph"] + 0.7 * both[0]["similarity_theme"], abs=1e-5
    )
    adapted = asked("similar", space, "Apocalypse Now", "--with", "based_on", "--no-franchise", "-k", "5")
    assert len(adapted) == 5
    darker = asked("similar", space, "Apocalypse Now", "--more", "mood=dark", "--less", "genre=War", "-k", "5")
    assert any("has mood dark" in row["evidence"] for row in darker)
    assert run("similar", space, "Babel", "--view", "graph=much").exit_code == 2
    with pytest.raises(QueryError):
        run("similar", space, "Babel", "--with", "storyline=zzzz")


@pytest.mark.slow
def test_a_draft_is_described_kept_and_asked_about(sample_workspace: Path, tmp_path: Path) -> None:
    space, kept = str(sample_workspace), tmp_path / "pitch.json"
    options = ["--tag", "heist", "--tag", "mood=tense", "--kind", "series", "--made-in", "Spain", "--label", "Pitch"]
    told = asked("draft", space, *options, "-c", "ES", "-k", "3", "--save", str(kept))
    assert [row["taken_as"] for row in told["tags"]] == ["heist", "tense"]
    assert told["similar"][0]["label"] == "Money Heist"
    assert [row["country"] for row in told["audience"]] == ["ES"]
    assert asked("similar", space, f"@{kept}", "-k", "3") == told["similar"]
    assert asked("draft", space, "--from", str(kept), "-k", "3")["id"] == told["id"]
    assert "Pitch (draft)" in asked("explain", space, f"@{kept}", "Money Heist")["text"]
    (row,) = asked("what-if", space, f"@{kept}", "-c", "ES", "--less", "heist", "--more", "grief")["countries"]
    assert row["change"] != 0
    assert "rank if" in run("what-if", space, "Money Heist", "-c", "ES", "--launch", "2020-12-01").stdout


@pytest.mark.slow
def test_a_table_of_drafts_is_asked_about_at_once(sample_workspace: Path, tmp_path: Path) -> None:
    space, table = str(sample_workspace), tmp_path / "pitches.csv"
    table.write_text("label,tags,kind\nOne,heist|mood=tense,series\nTwo,grief,\n", encoding="utf-8")
    found = asked("similar", space, f"@{table}", "-k", "2")
    assert len({row["query"] for row in found}) == 2
    assert len(asked("audience", space, f"@{table}", "-c", "ES")) == 2
    lines = tmp_path / "pitches.jsonl"
    one = {"label": "One", "tags": ["heist", ["mood", "tense"]], "kind": "series"}
    lines.write_text("\n".join(json.dumps(draft) for draft in (one, {"label": "Two", "tags": ["grief"]})))
    assert [row["id"] for row in asked("similar", space, f"@{lines}", "-k", "2")] == [row["id"] for row in found]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "says"), [("{", "can't be read as drafts"), ("[1]", "describes no draft"), ("[{},{}]", "empty")]
)
def test_files_that_describe_no_draft(sample_workspace: Path, tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "draft.json"
    file.write_text(text)
    with pytest.raises(QueryError, match=says):
        run("similar", str(sample_workspace), f"@{file}")
    with pytest.raises(QueryError, match="can't be read"):
        run("similar", str(sample_workspace), f"@{tmp_path / 'none.json'}")
