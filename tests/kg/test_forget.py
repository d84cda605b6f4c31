"""A viewer who asks to be forgotten is gone from every byte of the workspace."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from kg import Batch, KnowledgeGraph, snapshot
from kg.errors import UnknownViewer
from kg.forget import forget

ROOT = Path(__file__).parents[2]
SECRET = "club/ann-of-green-gables"


def viewings(*viewers: str, title: str = "imdb:a") -> pd.DataFrame:
    return pd.DataFrame({"viewer": list(viewers), "title": title, "weight": 1.0})


@pytest.fixture
def kg(tmp_path: Path) -> KnowledgeGraph:
    """Four versions: nobody; Ann and Bob; Ann alone and a quarantined row of hers; Ann and Cid."""
    kg = KnowledgeGraph.create(tmp_path / "w")
    rejected = pd.DataFrame({"reason": ["no such title"] * 2, "row": ["ann-of-green-gables,tt9,3.5", "bob,tt9,4"]})
    kg.replace(Batch(source="club", viewings=viewings(SECRET, "club/bob")))
    kg.replace(Batch(source="club", viewings=viewings(SECRET), rejected=rejected))
    kg.add(Batch(source="club", viewings=viewings("club/cid", title="imdb:b")))
    return kg


def seen(kg: KnowledgeGraph, version: int) -> list[str]:
    return sorted(kg.at(version).viewings()["viewer"])


def mentioned(folder: Path, word: str) -> list[str]:
    """Files in which a word stands, packed columns included (Parquet keeps text of these lengths readable, or not:
    so the tables are also read)."""
    return [str(file) for file in folder.rglob("*") if file.is_file() and word.encode() in file.read_bytes()]


def test_every_kept_version_is_as_if_the_viewer_had_never_been(kg: KnowledgeGraph) -> None:
    path = kg.workspace.path
    assert mentioned(path, "ann-of-green-gables")
    outcome = forget(kg.workspace, SECRET)
    assert (outcome.viewings, outcome.quarantined, outcome.versions) == (1, 1, (1, 2, 3))
    assert outcome.rewritten == ("viewings", "rejected")
    assert not mentioned(path, "ann-of-green-gables")
    now = KnowledgeGraph.open(path)
    assert now.version == 4
    now.verify()
    assert [seen(now, version) for version in range(5)] == [[], ["club/bob"], [], ["club/cid"], ["club/cid"]]
    assert now.snapshot.rows["viewings"] == 1
    assert now.rejected()["row"].tolist() == ["bob,tt9,4"]
    assert now.at(2).rejected()["row"].tolist() == ["bob,tt9,4"]
    assert {p.name for p in (path / "tables").iterdir()} == {
        "facts", "entities", "titles", "audience", "viewings", "rejected"
    }  # fmt: skip
    now.add(Batch(source="club", viewings=viewings("club/dee")))
    assert seen(now, 5) == ["club/cid", "club/dee"]


def test_the_source_does_not_bring_them_back(kg: KnowledgeGraph) -> None:
    forget(kg.workspace, SECRET)
    now = KnowledgeGraph.open(kg.workspace.path)
    change = now.replace(Batch(source="club", viewings=viewings(SECRET, "club/bob", "club/cid")))
    assert change.added["viewings"] == 2
    assert set(now.viewings()["viewer"]) == {"club/bob", "club/cid"}
    assert not mentioned(now.workspace.path, "ann-of-green-gables")
    again = forget(now.workspace, SECRET)  # nothing is left to be done, and nothing is
    assert (again.viewings, again.versions, again.rewritten) == (0, (), ())
    assert KnowledgeGraph.open(now.workspace.path).version == now.version


def test_a_viewer_whom_nobody_knows(kg: KnowledgeGraph) -> None:
    with pytest.raises(UnknownViewer, match="club/zoe"):
        forget(kg.workspace, "club/zoe")
    assert kg.latest().version == kg.version


def test_one_of_the_past_is_forgotten_too(kg: KnowledgeGraph) -> None:
    outcome = forget(kg.workspace, "club/bob")
    assert (outcome.viewings, outcome.versions) == (0, (1,))
    assert [seen(kg.latest(), version) for version in (1, 2)] == [[SECRET], [SECRET]]


KILLED = """
import os, signal, sys
from pathlib import Path
from kg import delta, forget, snapshot, suppression
from kg.workspace import Workspace
moment, count = int(sys.argv[2]), 0

def dying(function):
    def wrapper(*args, **kwargs):
        global count
        for stage in ("before", "after"):
            if count == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            count += 1
            result = function(*args, **kwargs) if stage == "before" else result
        return result
    return wrapper

for module, names in ((delta, ("replace", "put", "create")), (snapshot, ("commit",)), (forget, ("_exchange",)),
                      (suppression, ("write_atomically",)), (forget.shutil, ("rmtree",)), (os, ("rename", "replace"))):
    for name in names:
        setattr(module, name, dying(getattr(module, name)))
if len(sys.argv) > 3:
    forget.ctypes.CDLL = lambda _: None  # an operating system that can't exchange two folders at once
forget.forget(Workspace.open(Path(sys.argv[1])), "club/ann-of-green-gables")
print("done")
"""


@pytest.mark.faults
@pytest.mark.parametrize("system", [(), ("without exchange",)])
def test_killed_at_any_moment_the_next_call_finishes(tmp_path: Path, system: tuple[str, ...]) -> None:
    for moment in range(200):
        path = tmp_path / str(moment)
        kg = KnowledgeGraph.create(path)
        kg.replace(Batch(source="club", viewings=viewings(SECRET, "club/bob")))
        kg.replace(Batch(source="club", viewings=viewings(SECRET, "club/bob", "club/cid")))
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(path), str(moment), *system],
            cwd=ROOT, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        if not system:  # readers find a whole workspace at every moment
            now = KnowledgeGraph.open(path)
            now.verify()
            assert set(now.viewings()["viewer"]) - {SECRET} == {"club/bob", "club/cid"}
        try:
            forget(kg.workspace, SECRET)
        except UnknownViewer:
            pytest.fail("what was begun must be finished")
        now = KnowledgeGraph.open(path)
        assert [seen(now, version) for version in snapshot.versions(path)[1:3]] == [
            ["club/bob"], ["club/bob", "club/cid"]
        ]  # fmt: skip
        assert not mentioned(path, "ann-of-green-gables")
        if done.stdout.startswith("done"):
            break
    assert moment > 15
