"""Large files in blocks: no line is lost, split or numbered wrongly, whatever the sizes."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ingest.dumps import blocks, rows
from ingest.dumps.blocks import Blocks
from ingest.dumps.numbered import LIMIT, Numbers, numbers
from ingest.dumps.rows import Rows
from ingest.dumps.wikidata.statements import _lines_of
from ingest.streams import packing

LINES = st.lists(st.binary(max_size=30).map(lambda text: text.replace(b"\n", b"")), max_size=40)
QUIET = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def numbered(path: Path) -> list[tuple[int, bytes]]:
    found = []
    for block in Blocks(path):
        found += list(enumerate(block.text.split(b"\n")[:-1], start=block.line))
    return found


@QUIET
@given(lines=LINES, size=st.integers(1, 64), final=st.booleans(), packed=st.booleans())
def test_every_line_comes_once_with_its_number(
    lines: list[bytes], size: int, final: bool, packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "SIZE", size)
    monkeypatch.setattr("ingest.streams.PIECE", 7)
    text = b"\n".join(lines) + (b"\n" if final else b"")
    path = tmp_path / ("lines.txt.gz" if packed else "lines.txt")
    path.write_bytes(gzip.compress(text) if packed else text)
    assume(packed or packing(path) is None)  # else it says of itself that it is packed
    expected = text.split(b"\n")
    if expected[-1] == b"":
        expected.pop()
    assert numbered(path) == list(enumerate(expected, start=1))


def test_a_line_that_is_too_long_is_set_apart_and_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "SIZE", 1 << 10)
    monkeypatch.setattr(blocks, "LONGEST", 1 << 21)
    path = tmp_path / "lines.txt"
    path.write_bytes(b"one\ntwo\n" + b"x" * (6 << 20) + b"\nfour\nfive")
    reader = Blocks(path)
    seen = [(block.line, block.text) for block in reader]
    assert [number for number, _ in numbered(path)] == [1, 2, 4, 5]
    assert b"".join(text for _, text in seen).split() == [b"one", b"two", b"four", b"five"]
    assert reader.rejected[["line", "reason"]].to_numpy().tolist() == [[3, "the line is longer than 2 MiB"]]


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_bytes(b"")
    reader = Blocks(tmp_path / "empty.txt")
    assert list(reader) == []
    assert reader.rejected["reason"].tolist() == ["the file is empty"]


def test_whoever_stops_early_leaves_no_thread_behind(tmp_path: Path) -> None:
    import threading

    (tmp_path / "long.txt").write_bytes(b"a line\n" * 5_000_000)
    before = threading.active_count()
    reading = iter(Blocks(tmp_path / "long.txt"))
    next(reading)
    reading.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\t\n\r", exclude_categories=("Cs",)), max_size=6)


@QUIET
@given(
    table=st.lists(
        st.one_of(st.tuples(CELL, CELL), st.tuples(CELL), st.tuples(CELL, CELL, CELL)), min_size=1, max_size=30
    ),
    size=st.integers(1, 50),
)
def test_rows_are_those_with_the_right_number_of_cells(
    table: list[tuple[str, ...]], size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "SIZE", size)
    path = tmp_path / "table.tsv"
    path.write_bytes("".join("\t".join(row) + "\n" for row in [("a", "b"), *table]).encode())
    reader = Rows(path, ["b", "a"], missing="\\N")
    found = [row for part in reader for row in part.to_pylist()]
    expected = [
        {"a": None if row[0] == "\\N" else row[0], "b": None if row[1] == "\\N" else row[1], "line": number}
        for number, row in enumerate(table, start=2)
        if len(row) == 2
    ]
    assert [{k: row[k] for k in ("a", "b", "line")} for row in found] == expected
    bad = [n for n, row in enumerate(table, start=2) if len(row) != 2 and "\t".join(row).encode().strip()]
    assert reader.rejected["line"].tolist() == bad


def test_only_wanted_rows_come(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    path.write_text("id\tkind\n" + "".join(f"tt{i}\t{i % 3}\n" for i in range(30_000)))
    reader = Rows(path, ["id"], lambda table: rows.is_one_of(table, "id", ["tt5", "tt29999"]))
    assert [(r["id"], r["line"]) for part in reader for r in part.to_pylist()] == [("tt5", 7), ("tt29999", 30_001)]


@QUIET
@given(ids=st.lists(st.one_of(st.integers(0, 2_000_000).map(lambda n: f"tt{n:07}"), st.text(max_size=8), st.none())))
def test_numbers_of_identifiers(ids: list[str | None]) -> None:
    def number(text: str | None) -> int:
        digits = (text or "").removeprefix("tt")
        right = (
            text is not None and text.startswith("tt") and digits.isascii() and digits.isdigit() and len(digits) < 11
        )
        return int(digits) if right and int(digits) < LIMIT else -1

    array = pa.array(ids, pa.string())
    assert numbers(array, "tt").tolist() == [number(i) for i in ids]
    kept = Numbers("tt")
    kept.add(array)
    assert kept.has(array).to_pylist() == [n >= 0 for n in numbers(array, "tt")]
    assert kept.values().tolist() == sorted({n for n in numbers(array, "tt").tolist() if n >= 0})
    assert not kept.holds(np.array([-1, 10**9 + 1])).any()


def test_one_enormous_number_takes_no_memory() -> None:
    kept = Numbers("tt")
    kept.add(pa.array(["tt9999999999", f"tt{LIMIT}", "tt0078788"]))
    assert kept.values().tolist() == [78788]
    assert kept._in.nbytes < 1 << 20


def likely(lines: list[str], properties: list[str], classes: list[str]) -> list[str]:
    array = pa.array([line.encode() for line in lines], pa.binary())
    return [
        line.decode()
        for line in array.filter(pc.match_substring_regex(array, _lines_of(properties, classes))).to_pylist()
    ]


@QUIET
@given(st.sets(st.integers(1, 99_999).map(lambda n: f"P{n}"), min_size=1, max_size=40), st.integers(1, 99_999))
def test_the_pattern_finds_the_properties_asked_for_and_no_others(properties: set[str], other: int) -> None:
    line = '<http://www.wikidata.org/entity/Q5> <http://www.wikidata.org/prop/direct/{}> "x \\" y"@en .\n'
    asked = sorted(properties | {"P31"})
    found = likely([line.format(p) for p in sorted({*asked, f"P{other}"})], asked, ["Q5"])
    assert found == [line.format(p) for p in asked if p != "P31"]


def test_of_classes_only_those_asked_for_are_found() -> None:
    about = "<http://www.wikidata.org/entity/Q7> <http://www.wikidata.org/prop/direct/P31>"
    line = about + " <http://www.wikidata.org/entity/{}> .\n"
    found = likely([line.format(q) for q in ("Q5", "Q55", "Q11424", "Q1142", "Q2")], ["P31", "P57"], ["Q5", "Q11424"])
    assert found == [line.format("Q5"), line.format("Q11424")]


def test_of_labels_those_in_english_or_in_all_languages_are_found() -> None:
    line = "<http://www.wikidata.org/entity/Q7> <http://www.w3.org/2000/01/rdf-schema#label> {} .\n"
    texts = ['"a"@en', '"a"@en-gb', '"a"@de', '"\u00e9 \\"b\\" @en c"@mul', '"@en"@fr']
    found = likely([line.format(text) for text in texts], ["P31", "P57"], ["Q5"])
    assert found == [line.format(texts[0]), line.format(texts[3])]
