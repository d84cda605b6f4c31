"""A researcher tries a relation type: what is found, and that nothing of the workspace changes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kg import Batch, KnowledgeGraph
from kg.branch import branched
from kg.errors import SchemaError, UnknownRelation
from titlegraph.declaring import declare, fill
from titlegraph.errors import NothingToTry
from titlegraph.try_relation import trials, try_relation

GROUPS, TITLES, TAGS = 6, 120, 25


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Titles of six schools, each with three of its school's twenty-five tags: few facts tell which school it is."""
    rng = np.random.default_rng(2)
    school = np.arange(TITLES) % GROUPS
    facts = [
        (f"title:{n}", "storyline", f"tag:{school[n]}-{tag}")
        for n in range(TITLES)
        for tag in rng.choice(TAGS, 3, replace=False)
    ]
    kg = KnowledgeGraph.create(tmp_path / "w")
    settings = kg.workspace.path / "workspace.toml"
    text = settings.read_text().replace("share = 0.02", "share = 0.15")
    settings.write_text(text + "\n[graph]\ndim = 16\nepochs = 25\nregularization = 0.01\n")
    ids = [f"title:{n}" for n in range(TITLES)]
    kg.add(
        Batch(
            source="made",
            entities=pd.DataFrame({"id": ids, "type": "Film", "label": [f"Film {n}" for n in range(TITLES)]}),
            titles=pd.DataFrame({"title": ids, "kind": "film", "year": 1990}),
            facts=pd.DataFrame(facts, columns=["head", "relation", "tail"]),
        )
    )
    return kg.workspace.path


def schools(file: Path, *, known: bool) -> Path:
    """The school of every title and of every tag; or, for comparison, names that mean nothing."""
    rng = np.random.default_rng(3)
    of = np.arange(TITLES) % GROUPS if known else rng.permutation(TITLES) % GROUPS
    rows = [(f"title:{n}", f"School {of[n]}") for n in range(TITLES)]
    pd.DataFrame(rows, columns=["head", "tail"]).to_csv(file, index=False)
    return file


def state(path: Path) -> dict[str, str]:
    """Every file of a workspace but its caches and trials."""
    return {
        str(file.relative_to(path)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in path.rglob("*")
        if file.is_file() and file.relative_to(path).parts[0] not in ("cache", "trials", "lock")
    }


@pytest.mark.slow
def test_a_relation_that_tells_something_changes_what_is_comparable_and_nothing_else(
    workspace: Path, tmp_path: Path
) -> None:
    before = state(workspace)
    found = try_relation(workspace, "of_school", schools(tmp_path / "schools.csv", known=True), range_="School")
    assert state(workspace) == before
    assert [p.name for p in (workspace / "cache").iterdir() if p.name.startswith("branch-")] == []
    assert "of_school" not in KnowledgeGraph.open(workspace).schema.relations
    assert found.rejected == 0
    assert 70 < found.facts <= TITLES
    assert found.cost["facts"].diff().tolist()[1] == found.facts
    mrr = found.figures.iloc[0]
    assert mrr["figure"].startswith("link prediction")
    assert mrr["questions"] == found.relations["questions"].sum()
    assert mrr["difference"] > 0  # who knows the school of a title knows better which tags it may have
    assert mrr["low"] < mrr["difference"] < mrr["high"]
    assert found.relations["figure"].tolist() == ["storyline"]
    assert found.changed.empty or (found.changed["kept"] < found.changed["by_chance"]).all()
    # Kept, so that trials can be compared; and the arm without the relation is not trained again.
    cached = {file.name: file.stat().st_mtime_ns for file in (workspace / "cache" / "trials").iterdir()}
    assert len(cached) == 6
    nonsense = try_relation(workspace, "of_cult", schools(tmp_path / "cults.csv", known=False))
    after = {file.name: file.stat().st_mtime_ns for file in (workspace / "cache" / "trials").iterdir()}
    assert len(after) == 9
    assert cached.items() <= after.items()
    assert nonsense.figures.iloc[0]["difference"] < mrr["difference"]
    assert trials(workspace)["relation"].tolist() == ["of_cult", "of_school"]
    (kept,) = (workspace / "trials").glob("*-of_school.json")
    assert json.loads(kept.read_text())["figures"][0]["difference"] == pytest.approx(mrr["difference"])


@pytest.mark.slow
def test_a_relation_of_the_workspace_is_tried_by_leaving_it_out(workspace: Path) -> None:
    kg = KnowledgeGraph.open(workspace)
    frame = pd.DataFrame({"head": [f"title:{n}" for n in range(TITLES)], "relation": "has_genre"})
    kg.add_facts(frame.assign(tail=[f"genre:{n % GROUPS}" for n in range(TITLES)]))
    found = try_relation(workspace, "has_genre", seeds=2)
    assert found.figures.iloc[0]["difference"] > 0
    assert found.relations["figure"].tolist() == ["storyline"]
    assert found.cost["facts"].diff().tolist()[1] == found.facts
    # With all relations it is trained once, whichever is left out.
    another = try_relation(workspace, "storyline", seeds=2)
    assert another.relations["figure"].tolist() == ["has_genre"]
    assert len(list((workspace / "cache" / "trials").iterdir())) == 6


def test_what_can_not_be_tried_is_said_at_once(workspace: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownRelation, match="won_award"):
        try_relation(workspace, "won_award")
    with pytest.raises(NothingToTry, match="There are no facts of based_on to learn from"):
        try_relation(workspace, "based_on")
    with pytest.raises(NothingToTry, match="1 trainings"):
        try_relation(workspace, "storyline", seeds=1)
    bad = tmp_path / "bad.csv"
    bad.write_text("head,tail\nnonsense,x\n")
    with pytest.raises(NothingToTry, match=r"1 rows of .*bad\.csv could not be used"):
        try_relation(workspace, "won_award", bad)
    file = schools(tmp_path / "s.csv", known=True)
    for name, range_, says in (("won award", None, "can't be the name"), ("ok", "Big Prize", "can't be the name")):
        with pytest.raises(SchemaError, match=says):
            try_relation(workspace, name, file, range_=range_)
    with pytest.raises(SchemaError, match="storyline is declared with the range Tag; leave Genre out"):
        try_relation(workspace, "storyline", file, range_="Genre")
    assert not (workspace / "trials").exists()


def test_a_branch_shares_files_and_changes_nothing(workspace: Path) -> None:
    kg = KnowledgeGraph.open(workspace)
    before = state(workspace)
    with branched(kg.workspace) as branch:
        assert branch.version == kg.version
        assert len(branch.facts()) == len(kg.facts())
        some = next(branch.workspace.table("facts").glob("*.parquet"))
        assert some.stat().st_nlink > 1
        branch.add_facts(pd.DataFrame({"head": ["title:1"], "relation": "storyline", "tail": ["tag:new"]}))
        branch.replace(Batch(source="made"))
        assert len(branch.facts()) == 1
        folder = branch.workspace.path
    assert not folder.exists()
    assert state(workspace) == before
    assert len(KnowledgeGraph.open(workspace).facts()) == len(kg.facts())


def test_a_new_relation_takes_labels_and_identifiers(workspace: Path, tmp_path: Path) -> None:
    file = tmp_path / "awards.tsv"
    file.write_text("head\ttail\tweight\ntitle:1\tBest Picture\t2\ntitle:2\tbest  picture!\t\ntitle:3\timdb:tt1\t1\n")
    kg = declare(KnowledgeGraph.open(workspace), "won_award", None, "Award")
    assert kg.schema.relation("won_award").domain == "Title"
    assert fill(kg, "won_award", file).empty
    facts = kg.facts(["won_award"]).sort_values("head")
    assert facts["tail"].tolist() == ["won-award:best-picture", "won-award:best-picture", "imdb:tt1"]
    assert facts["weight"].tolist()[0] == 2
    (award,) = kg.entities().query("id == 'won-award:best-picture'").to_dict("records")
    assert (award["type"], award["label"]) == ("Award", "best picture")
    again = declare(kg, "won_award", "Title", "Award")
    assert again.schema.digest == kg.schema.digest
