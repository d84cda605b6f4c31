"""Stages: done once for their inputs, whole or not at all, and taken up again after a kill."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from embeddings.stages import Did, Stages, key_of

ROOT = Path(__file__).parents[2]


def writing(text: str, calls: list[str] | None = None):  # type: ignore[no-untyped-def]
    def work(out: Path, scratch: Path) -> None:
        assert scratch.is_dir()
        if calls is not None:
            calls.append(text)
        (out / "part").mkdir()
        (out / "part" / "text").write_text(text)

    return work


def test_a_stage_is_done_once_for_its_inputs(tmp_path: Path) -> None:
    calls: list[str] = []
    told: list[Did] = []
    stages = Stages(tmp_path, told.append)
    first = stages.run("graph", {"facts": 3}, writing("a", calls))
    assert (first / "part" / "text").read_text() == "a"
    assert Stages(tmp_path).run("graph", {"facts": 3}, writing("b", calls)) == first
    other = stages.run("graph", {"facts": 4}, writing("c", calls))
    assert stages.run("theme", {"facts": 3}, writing("d", calls)) != first
    assert calls == ["a", "c", "d"]
    assert (other / "part" / "text").read_text() == "c"
    assert [did.reused for did in told] == [False, False, False]
    assert told == stages.did
    assert told[0].peak_mb > 10
    assert not list(tmp_path.rglob(".*"))


def test_the_order_of_inputs_is_none_of_them() -> None:
    assert key_of("s", {"a": 1, "b": [1, 2]}) == key_of("s", {"b": [1, 2], "a": 1})
    assert len({key_of("s", {"a": 1}), key_of("t", {"a": 1}), key_of("s", {"a": 2}), key_of("s", {"b": 1})}) == 4
    with pytest.raises(ValueError):
        key_of("s", {"a": float("nan")})


@pytest.mark.parametrize("damage", ["changed", "missing", "more", "no record", "a broken record"])
def test_a_damaged_output_is_made_again(tmp_path: Path, damage: str) -> None:
    folder = Stages(tmp_path).run("graph", {}, writing("good"))
    file = folder / "part" / "text"
    match damage:
        case "changed":
            file.write_text("goof")
        case "missing":
            file.unlink()
        case "more":
            (folder / "part" / "other").write_text("x")
        case "no record":
            (folder / "done.json").unlink()
        case _:
            (folder / "done.json").write_text("[]")
    stages = Stages(tmp_path)
    assert (stages.run("graph", {}, writing("good")) / "part" / "text").read_text() == "good"
    assert not stages.did[0].reused
    assert Stages(tmp_path).run("graph", {}, writing("never")) == folder


def test_work_that_fails_leaves_nothing_but_its_scratch(tmp_path: Path) -> None:
    def fails(out: Path, scratch: Path) -> None:
        (out / "half").write_text("x")
        (scratch / "progress").write_text("5")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        Stages(tmp_path).run("graph", {}, fails)

    def goes_on(out: Path, scratch: Path) -> None:
        assert not list(out.iterdir())
        (out / "whole").write_text((scratch / "progress").read_text())

    assert (Stages(tmp_path).run("graph", {}, goes_on) / "whole").read_text() == "5"


def test_old_outputs_go_and_those_used_last_stay(tmp_path: Path) -> None:
    made = [Stages(tmp_path).run("graph", {"n": n}, writing(str(n))) for n in range(4)]
    for n, path in enumerate(made):
        os.utime(path, (n, n))
    (tmp_path / "graph" / ".scratch-old").mkdir()
    stages = Stages(tmp_path)
    assert stages.run("graph", {"n": 0}, writing("never")) == made[0]
    stages.tidy(["graph", "a stage that never was"], keep=2)
    assert set((tmp_path / "graph").iterdir()) == {made[0], made[3]}


KILLED = """
import os, signal, sys
from pathlib import Path
from embeddings import stages
moment, count = int(sys.argv[2]), 0

def dying(function):
    def wrapper(*args, **kwargs):
        global count
        for when in ("before", "after"):
            if count == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            count += 1
            result = function(*args, **kwargs) if when == "before" else result
        return result
    return wrapper

for module, name in ((os, "rename"), (stages, "_sync"), (Path, "write_text"), (Path, "mkdir")):
    setattr(module, name, dying(getattr(module, name)))

def work(out, scratch):
    for n in range(3):
        (out / str(n)).write_text(str(n))

stages.Stages(Path(sys.argv[1])).run("graph", {}, work)
print("done")
"""


@pytest.mark.faults
def test_killed_at_any_moment_the_next_run_goes_on(tmp_path: Path) -> None:
    for moment in range(100):
        cache = tmp_path / str(moment)
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(cache), str(moment)], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode in (0, -signal.SIGKILL), done.stderr

        def work(out: Path, scratch: Path) -> None:  # noqa: ARG001
            for n in range(3):
                (out / str(n)).write_text(str(n))

        folder = Stages(cache).run("graph", {}, work)
        assert sorted(p.name for p in folder.iterdir()) == ["0", "1", "2", "done.json"]
        stages = Stages(cache)
        stages.run("graph", {}, work)
        assert stages.did[0].reused
        shutil.rmtree(cache)
        if done.stdout.startswith("done"):
            break
    assert moment > 10
