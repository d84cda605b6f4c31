"""The command line as a user meets it: real processes, their output, their exit codes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """`titlegraph` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "titlegraph", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def answer(*arguments: object) -> Any:
    """What a command prints as JSON."""
    done = run(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_workspace_from_nothing(tmp_path: Path) -> None:
    workspace = tmp_path / "w"
    assert answer("init", workspace)["version"] == 0
    table = tmp_path / "facts.nt"
    table.write_text(
        "<https://www.imdb.com/title/tt0315733> <https://w3id.org/titlegraph/schema#storyline> "
        "<https://w3id.org/titlegraph/tag/moral-dilemmas> .\n"
        '<https://www.imdb.com/title/tt0315733> <http://www.w3.org/2000/01/rdf-schema#label> "21 Grams" .\n',
        encoding="utf-8",
    )
    taken = answer("ingest", workspace, table)
    assert taken["rows"]["facts"] == 1
    (row,) = answer("sparql", workspace, "SELECT ?label { ?t tg:storyline tag:moral-dilemmas ; rdfs:label ?label }")
    assert row == {"label": "21 Grams"}
    (relation,) = (r for r in answer("relations", workspace)["relations"] if r["facts"])
    assert relation["relation"] == "storyline"


@pytest.mark.slow
def test_questions_to_the_sample(sample_workspace: Path) -> None:
    found = answer("find", sample_workspace, "apocalyps now")
    assert found[0]["label"] == "Apocalypse Now"
    similar = answer("similar", sample_workspace, "21 Grams", "-k", 5, "--kind", "film", "--year", "1990-")
    assert len(similar) == 5
    assert all(row["kind"] == "film" and row["year"] >= 1990 and row["evidence"] for row in similar)
    explained = answer("explain", sample_workspace, "21 Grams", similar[0]["label"])
    assert "21 Grams" in explained["text"]
    expected = answer("audience", sample_workspace, "21 Grams", "-c", "ES", "-c", "MX")
    assert all(row["low"] <= row["expected"] <= row["high"] for row in expected)
    features = answer("audience", sample_workspace, "21 Grams", "-c", "ES", "-c", "MX", "--features")
    assert {row["country"] for row in features} == {row["country"] for row in expected} == {"ES", "MX"}
    assert all(row["simulated"] and "simulated" in row["unit"] for row in features)
    (release,) = (r for r in answer("releases", "list", sample_workspace) if r["promoted"])
    assert answer("releases", "verify", sample_workspace, release["id"])["intact"]


@pytest.mark.slow
def test_the_demonstration_goes_on_from_what_is_there(sample_workspace: Path) -> None:
    (release,) = (r for r in answer("releases", "list", sample_workspace) if r["promoted"])
    found = answer("demo", sample_workspace)
    assert found["release"] == release["id"]
    assert found["similar"]["Apocalypse Now"][0]["evidence"]
    assert {row["country"] for row in found["audience"]} == {"US", "ES", "MX", "FR", "JP"}
    assert "heist" in found["draft"]["similar"][0]["evidence"]
    assert all(row["expected"] > 0 for row in found["draft"]["audience"])
    shown = run("demo", sample_workspace).stdout
    assert "Comparable to 21 Grams" in shown
    assert "nobody watched" in shown


@pytest.mark.slow
def test_tables_for_people(sample_workspace: Path) -> None:
    done = run("similar", sample_workspace, "Apocalypse Now", "-k", 3)
    assert done.returncode == 0, done.stderr
    assert "similarity" in done.stdout
    assert "evidence" in done.stdout
    done = run("relations", sample_workspace)
    assert "based_on" in done.stdout
    assert run("audience", sample_workspace, "Apocalypse Now").stdout.count("nobody watched") == 1


@pytest.mark.slow
def test_refreshing_twice_does_nothing_the_second_time(sample_workspace: Path) -> None:
    again = answer("refresh", sample_workspace)
    assert again["new"] is False
    assert set(again["metrics"]) >= {"link_prediction"}


@pytest.mark.slow
def test_a_release_copied_elsewhere_answers_alone(sample_workspace: Path, tmp_path: Path) -> None:
    (release,) = (r for r in answer("releases", "list", sample_workspace) if r["promoted"])
    copy = shutil.copytree(sample_workspace / "releases" / release["id"], tmp_path / "copy")
    assert answer("similar", copy, "21 Grams") == answer("similar", sample_workspace, "21 Grams")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ingest", "nowhere", "."), "There is no workspace at nowhere"),
        (("relations", "nowhere"), "There is no workspace at nowhere"),
        (("similar", "nowhere", "Alien"), "nowhere"),
        (("refresh", "nowhere"), "There is no workspace at nowhere"),
        (("download", "nonsense", "--yes"), "No download is called 'nonsense'"),
    ],
)
def test_an_error_is_one_clear_line(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("error: ")
    assert message in line


@pytest.mark.slow
def test_an_unknown_title_suggests_the_nearest(sample_workspace: Path) -> None:
    done = run("similar", sample_workspace, "Apocalipse Nou")
    assert done.returncode == 1
    assert "Apocalypse Now" in done.stderr


def test_wrong_usage_has_its_own_code(tmp_path: Path) -> None:
    assert run("similar").returncode == 2
    assert run("similar", tmp_path, "x", "--year", "ninety").returncode == 2
