"""What an older titlegraph wrote still opens, and can be brought up to date."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from embeddings.release import current, promotions, verify
from embeddings.release_care import rollback
from kg import KnowledgeGraph
from kg.errors import UnsupportedFormat, WorkspaceDamaged, WorkspaceNotFound
from kg.workspace import FORMAT
from queries.space import TitleSpace
from titlegraph.migrate import migrate

FORMATS = Path(__file__).parent / "formats"
SAVED = sorted(int(file.stem.removeprefix("workspace-")) for file in FORMATS.glob("workspace-*.zip"))


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[int], Path]:
    """A workspace as that format's last titlegraph wrote it: forty titles, two versions, one release."""

    def unpack(number: int) -> Path:
        with zipfile.ZipFile(FORMATS / f"workspace-{number}.zip") as archive:
            archive.extractall(tmp_path / "w")
        return tmp_path / "w"

    return unpack


@pytest.mark.parametrize("number", SAVED)
@pytest.mark.parametrize("migrated", [False, True])
def test_a_saved_workspace_of_every_format_opens(saved: Callable[[int], Path], number: int, migrated: bool) -> None:
    path = saved(number)
    if migrated:
        assert migrate(path).now == FORMAT
    kg = KnowledgeGraph.open(path)
    assert kg.version == 2
    assert len(kg.titles()) == 40
    assert len(kg.at(1).facts()) == len(kg.facts()) - 1
    assert kg.facts(sources=["later"])["tail"].tolist() == ["tag:moral-dilemmas"]
    assert len(kg.viewings()) == 240
    kg.add_facts(pd.DataFrame({"head": ["title:heist-2"], "relation": "storyline", "tail": ["tag:moral-dilemmas"]}))
    assert kg.version == 3
    assert kg.workspace.seed == 3


@pytest.mark.parametrize("number", SAVED)
def test_a_saved_release_of_every_format_answers(saved: Callable[[int], Path], number: int) -> None:
    path = saved(number)
    verify(path)
    space = TitleSpace.open(path)
    found = space.similar("Heist 1", k=5)
    assert len(found) == 5
    assert found["label"].str.startswith("Heist").sum() >= 3
    assert (np.diff(found["similarity"]) <= 0).all()
    assert len(space.explain("Heist 1", "Heist 2").frame)
    assert space.audience_features("Heist 1", ["US"])["observed"].tolist() == [110.0]


def test_a_migration_keeps_the_old_files_and_the_settings(saved: Callable[[int], Path]) -> None:
    path = saved(1)
    before = (path / "workspace.toml").read_text()
    done = migrate(path)
    assert (done.found, done.now, done.backup) == (1, 2, path / "backups" / "format-1")
    assert done.unreadable.empty
    assert (path / "backups" / "format-1" / "workspace.toml").read_text() == before
    after = (path / "workspace.toml").read_text()
    assert after.startswith(before.replace("format = 1", "format = 2"))
    assert "# [gate]" in after
    again = migrate(path)
    assert (again.found, again.backup) == (2, None)
    assert (path / "workspace.toml").read_text() == after


def test_after_a_migration_one_can_roll_back_to_what_was_before_it(saved: Callable[[int], Path]) -> None:
    path = saved(1)
    old = current(path)
    assert old is not None
    newer = "20991231T000000000-00000000"
    shutil.copytree(path / "releases" / old, path / "releases" / newer)
    (path / "current").write_text(newer + "\n")
    migrate(path)
    assert promotions(path) == [old, newer]
    assert rollback(path) == old


def test_what_is_no_workspace_or_of_tomorrow(tmp_path: Path, saved: Callable[[int], Path]) -> None:
    with pytest.raises(WorkspaceNotFound):
        migrate(tmp_path / "nowhere")
    path = saved(1)
    settings = path / "workspace.toml"
    text = settings.read_text()
    for wrong in ("format = 99", "format = 0", "format = 'one'", ""):
        settings.write_text(text.replace("format = 1", wrong))
        with pytest.raises(UnsupportedFormat):
            migrate(path)
        with pytest.raises(UnsupportedFormat):
            KnowledgeGraph.open(path)
    settings.write_text("= 1")
    with pytest.raises(WorkspaceDamaged):
        migrate(path)
