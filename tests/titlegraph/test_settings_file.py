"""Settings written into workspace.toml by a program: values change, what a person wrote around them stays."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.errors import UnknownSetting
from kg import KnowledgeGraph
from titlegraph.settings import save_settings

TEXT = """\
# mine
seed = 7

[graph]  # the model
dim = 64  # small
# epochs = 3

[release]
dim = 100
"""


def test_values_change_and_comments_stay(tmp_path: Path) -> None:
    file = tmp_path / "workspace.toml"
    file.write_text(TEXT, encoding="utf-8")
    save_settings(file, "graph", {"dim": 128, "learning_rate": 0.3, "loss": "softmax"})
    assert file.read_text(encoding="utf-8") == TEXT.replace("dim = 64  # small", "dim = 128  # small").replace(
        "# epochs = 3\n", '# epochs = 3\nlearning_rate = 0.3\nloss = "softmax"\n'
    )


def test_a_new_workspace_gets_the_table(tmp_path: Path) -> None:
    kg = KnowledgeGraph.create(tmp_path / "w", seed=5)
    file = kg.workspace.path / "workspace.toml"
    before = file.read_text(encoding="utf-8")
    save_settings(file, "graph", {"dim": 32})
    assert file.read_text(encoding="utf-8").startswith(before)
    assert KnowledgeGraph.open(tmp_path / "w").workspace.settings["graph"] == {"dim": 32}
    assert KnowledgeGraph.open(tmp_path / "w").workspace.seed == 5


@pytest.mark.parametrize("text", ["graph = {dim = 64}\n", "graph.dim = 64\n", '[graph]\ndim = """\n64"""\n'])
def test_what_can_not_be_changed_line_by_line_stays_as_it_was(tmp_path: Path, text: str) -> None:
    file = tmp_path / "workspace.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UnknownSetting, match="dim = 128"):
        save_settings(file, "graph", {"dim": 128})
    assert file.read_text(encoding="utf-8") == text


@given(
    st.dictionaries(
        st.sampled_from(["dim", "epochs", "loss", "scale", "filtered"]),
        st.one_of(
            st.integers(-(2**40), 2**40),
            st.booleans(),
            st.floats(0.001, 1e6),
            st.text(max_size=8).filter(str.isprintable),
        ),
        min_size=1,
    )
)
def test_what_is_written_is_what_is_read(values: dict[str, object]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "workspace.toml"
        file.write_text(TEXT, encoding="utf-8")
        save_settings(file, "graph", values)  # type: ignore[arg-type]
        expected = tomllib.loads(TEXT)
        expected["graph"] |= values
        assert tomllib.loads(file.read_text(encoding="utf-8")) == expected
