"""What a disk gives back is what it was given, or the file that is not is named."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from kg import Batch, KnowledgeGraph
from kg.branch import branched
from kg.errors import WorkspaceDamaged


@pytest.fixture
def kg(tmp_path: Path) -> KnowledgeGraph:
    kg = KnowledgeGraph.create(tmp_path / "w")
    for n in range(2):
        facts = pd.DataFrame({"head": [f"imdb:tt{n}"], "relation": "storyline", "tail": [f"tag:{n}"]})
        kg.replace(Batch(source=f"s{n}", facts=facts))
    return kg


def files(kg: KnowledgeGraph) -> list[Path]:
    """The files whose hashes are known."""
    known = json.loads((kg.workspace.path / "checksums.json").read_text())
    return [kg.workspace.path / "tables" / name for name in known]


def test_every_file_of_a_table_and_of_its_log_is_known_by_its_hash(kg: KnowledgeGraph) -> None:
    kg.verify()
    known = json.loads((kg.workspace.path / "checksums.json").read_text())
    for name in [*known]:
        data = (kg.workspace.path / "tables" / name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == known[name]
    assert {name.split("/")[0] for name in known} == {
        "facts", "entities", "titles", "audience", "viewings", "rejected"
    }  # fmt: skip
    assert sum(name.startswith("facts/part-") for name in known) == 2


def test_any_bit_of_any_file_counts(kg: KnowledgeGraph) -> None:
    for file in files(kg):
        whole = file.read_bytes()
        for at in (0, len(whole) // 2, len(whole) - 1):
            file.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
            with pytest.raises(WorkspaceDamaged, match=r"checksum|version \d"):
                kg.latest().verify()
        file.write_bytes(whole)
    kg.latest().verify()


def test_what_was_never_hashed_is_taken_as_it_is(kg: KnowledgeGraph) -> None:
    record = kg.workspace.path / "checksums.json"
    record.unlink()  # as in a workspace of an older titlegraph
    kg.verify()
    kg.add_facts(pd.DataFrame({"head": ["imdb:tt9"], "relation": "storyline", "tail": ["tag:9"]}))
    assert sum(name.startswith("facts/part-") for name in json.loads(record.read_text())) == 3
    record.write_text("{")
    with pytest.raises(WorkspaceDamaged, match=r"checksums\.json"):
        kg.verify()


def test_a_branch_and_a_restored_copy_are_whole_too(kg: KnowledgeGraph, tmp_path: Path) -> None:
    with branched(kg.workspace) as branch:
        branch.verify()
        branch.add_facts(pd.DataFrame({"head": ["imdb:tt9"], "relation": "storyline", "tail": ["tag:9"]}))
        branch.verify()
    shutil.copytree(kg.workspace.path, tmp_path / "copy")
    KnowledgeGraph.open(tmp_path / "copy").verify()
