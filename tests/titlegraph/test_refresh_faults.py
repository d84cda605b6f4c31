"""A refresh that is killed, starved of disk or given damaged files: nothing worse is published, nothing is lost."""

from __future__ import annotations

import shutil
import signal
import sys
import sysconfig
from pathlib import Path

import pytest

from embeddings.errors import ReleaseDamaged
from embeddings.release import RELEASES, Release, current, names, verify
from kg import KnowledgeGraph
from kg.errors import WorkspaceDamaged
from tests.titlegraph.faults import night, refreshes, workspace
from titlegraph.refresh import refresh

pytestmark = [
    pytest.mark.faults,
    pytest.mark.slow,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(sys.platform != "linux", reason="the C library is asked in the way of Linux"),
    pytest.mark.skipif(
        shutil.which((sysconfig.get_config_var("CC") or "cc").split()[0]) is None and shutil.which("cc") is None,
        reason="no C compiler",
    ),
]


@pytest.fixture
def refreshed(tmp_path: Path) -> Path:
    """A workspace of sixty films with a promoted release."""
    path = workspace(tmp_path)
    refresh(path)
    return path


FACTS = 180  # of sixty films
WRITTEN = ("tables/facts/", "tables/titles/", "tables/audience/", "tables/viewings/", "snapshot", "current", "reports/")
STAGES = ("graph", "links", "content", "fusion", "audience", "recommender", "maps")
OUTPUT = ("vectors/", "model/", "content/", "fusion/", "maps/", "facts/", "manifest.json", "titles.parquet")


def hashes(release: Release) -> dict[str, str]:
    """SHA-256 of every file but the one that says how long an epoch took."""
    files = release.manifest["files"]
    return {name: about["sha256"] for name, about in files.items() if name != "model/graph.json"}


@pytest.mark.parametrize(("fault", "least"), [("kill", 100), ("full", 60)])
def test_a_refresh_broken_in_the_middle_of_each_write_loses_nothing(tmp_path: Path, fault: str, least: int) -> None:
    path = workspace(tmp_path)
    with refreshes(path, tmp_path) as broken:
        assert broken.run("") == 0, broken.errors
        good = current(path)
        night(tmp_path / "data", 61)
        shutil.copytree(tmp_path, tmp_path / "unbroken", ignore=shutil.ignore_patterns("seen", "errors", "faults.so"))
        tried = 0
        for tried in range(1, 500):
            code = broken.run(fault)
            if len(broken.places) < tried:  # it came to no new place, and so to its end
                break
            if fault == "kill":
                assert code == -signal.SIGKILL, broken.errors
            elif code:  # else it had no more to write, or could do without
                assert code == 1, broken.errors
                assert broken.errors.splitlines()[-1].startswith("error: "), broken.errors
            promoted = verify(path)  # every byte of it
            assert promoted.id == good or Release.open(path).manifest["num_titles"] == 61
            kg = KnowledgeGraph.open(path)
            assert len(kg.facts()) in (FACTS, FACTS + 3), broken.places[-1]
            assert len(kg.titles()) in (60, 61)
        tried -= 1
        assert code == 0, broken.errors
    places = "\n".join(broken.places)
    print(f"{fault}: {tried} tried, {tried} survived")
    assert tried >= least
    for where in (
        *WRITTEN,
        *(f"cache/stages/{stage}/" for stage in STAGES),
        *(f"releases/#/{file}" for file in OUTPUT),
    ):
        assert where in places, where
    # As good as if nothing had ever happened.
    after = Release.open(path)
    assert (after.id != good, after.manifest["num_titles"]) == (True, 61)
    assert [name for name in names(path) if verify(path / RELEASES / name)] == names(path)
    with refreshes(tmp_path / "unbroken" / "w", tmp_path) as once:
        assert once.run("") == 0, once.errors
    assert hashes(after) == hashes(Release.open(tmp_path / "unbroken" / "w"))
    kg = KnowledgeGraph.open(path)
    assert sorted(kg.entities()["row"]) == list(range(len(kg.entities())))
    left = [p for p in path.rglob("*") if p.name.startswith(".") and p.parent.name in ("graph", "content")]
    assert left == []


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("tables/facts/*.parquet", r"part-.*\.parquet can't be read: it does not have the checksum"),
        ("tables/viewings/*.parquet", r"part-.*\.parquet can't be read: it does not have the checksum"),
        ("tables/facts/_delta_log/*1.json", r"tables/facts.* can't be read: (it does not have the checksum|version)"),
        ("releases/*/vectors/fused.npy", r"vectors/fused\.npy does not have the hash"),
        ("releases/*/model/graph.safetensors", r"model/graph\.safetensors does not have the hash"),
        ("releases/*/manifest.json", r"manifest\.json was changed after it was written"),
    ],
)
def test_a_file_that_a_disk_has_spoilt_is_named_and_nothing_is_made_of_it(
    refreshed: Path, pattern: str, says: str
) -> None:
    good = current(refreshed)
    (file,) = refreshed.glob(pattern)
    whole = file.read_bytes()
    middle = len(whole) // 2
    if file.suffix == ".json":
        middle = whole.index(b'"num_titles": 60') + 15 if file.name == "manifest.json" else 5
    file.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    night(refreshed.parent / "data", 61)
    with pytest.raises((WorkspaceDamaged, ReleaseDamaged), match=says):
        refresh(refreshed)
    assert (current(refreshed), names(refreshed)) == (good, [good])
    file.write_bytes(whole)  # from a backup
    assert refresh(refreshed).new


def test_a_damaged_release_is_gone_round_by_force_alone(refreshed: Path) -> None:
    (file,) = refreshed.glob("releases/*/vectors/theme.npy")
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    with pytest.raises(ReleaseDamaged):
        refresh(refreshed)  # even though nothing has changed
    made = refresh(refreshed, force=True)
    assert made.new
    assert verify(refreshed).id == made.release
