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
