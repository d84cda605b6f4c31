"""Bad input: the good rows land, the bad ones are kept with source, line, reason and row, and strict lands nothing."""

from __future__ import annotations

import bz2
import gzip
import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.run import ingest
from kg.errors import RowsRejected
from kg.knowledge_graph import KnowledgeGraph

MAPPING = """
source = "studio"
table = "films.*"
[subject]
id = "imdb:{id}"
type = { column = "kind", values = { film = "Film", person = "Person" } }
label = "title"
[attributes]
year = "year"
[relations]
storyline = { column = "themes", id = "tag:{:slug}", type = "Storyline" }
MORE
"""
HEADER, ALIEN, BRAZIL = "id,title,year,themes,kind,also", "tt1,Alien,1979,space,film,", "tt2,Brazil,1985,dystopia,film,"


def text(*rows: str) -> bytes:
    return ("\n".join([HEADER, ALIEN, *rows, BRAZIL]) + "\n").encode()


def zipped(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("films.csv", data)
    return buffer.getvalue()


def long_table() -> bytes:
    noise = random.Random(0)
    rows = [f"tt{i},{noise.randbytes(6).hex()},1990,space,film,{noise.randbytes(150).hex()}" for i in range(10, 6_000)]
    return text(*rows)


def cut(pack: Callable[[bytes], bytes]) -> bytes:
    packed = pack(long_table())
    return packed[: len(packed) * 2 // 3]


ROW = "tt3,Contact,1997,space,film,"
#: name: (file name, content, more of the mapping, the rejected lines, a part of every reason, a part of the first row)
CASES: dict[str, tuple[str, bytes, str, list[int], str, str]] = {
    "a missing column": (
        "films.csv",
        b"id,title,themes,kind,also\ntt1,Alien,space,film,\n",
        "",
        [1],
        "the column 'year' is missing",
        "id,title",
    ),
    "a row in another encoding": (
        "films.csv",
        text("tt3,Amélie,2001,paris,film,").replace("é".encode(), b"\xe9"),
        "",
        [3],
        "not UTF-8",
        "tt3",
    ),
    "a wrong number of cells": (
        "films.csv",
        text("tt3,Contact"),
        "",
        [3],
        "2 cells where the header names 6",
        "tt3,Contact",
    ),
    "a number that is none": (
        "films.csv",
        text(ROW.replace("1997", "MCMXCVII")),
        "",
        [3],
        "year MCMXCVII is not a whole number",
        "Contact",
    ),
    "no identifier": ("films.csv", text(ROW.removeprefix("tt3")), "", [3], "it has no identifier", "Contact"),
    "an identifier that is none": (
        "films.csv",
        text(ROW.replace("tt3", "t t 3")),
        "",
        [3, 3, 3],
        "white space",
        "t t 3",
    ),
    "an unknown relation": (
        "films.csv",
        text(ROW + "imdb:tt1"),
        'sequel_to = { column = "also" }',
        [3],
        "no relation is called sequel_to",
        "imdb:tt3",
    ),
    "a head of the wrong type": (
        "films.csv",
        text("nm3,Ann,,space,person,"),
        "",
        [3],
        "is a Person and should be a Work",
        "imdb:nm3",
    ),
    "a type that nobody declared": (
        "films.csv",
        text(ROW.replace("film", "opera")),
        "",
        [3],
        "kind opera is not among the values",
        "Contact",
    ),
    "a tail of the wrong type": (
        "films.csv",
        text(ROW + "imdb:tt1"),
        'directed_by = { column = "also" }',
        [3],
        "should be a Person",
        "imdb:tt1",
    ),
    "an undeclared prefix": (
        "films.csv",
        text(ROW + "nowhere:1"),
        'follows = { column = "also" }',
        [3],
        "prefix nowhere is not declared",
        "nowhere:1",
    ),
    "an identifier twice with another title": (
        "films.csv",
        text("tt1,Aliens,1979,,film,"),
        "",
        [3],
        "the identifier already stands for Alien",
        "Aliens",
    ),
    "a title twice with another year": (
        "films.csv",
        text("tt1,Alien,1980,,film,"),
        "",
        [3],
        "stated twice with different values",
        "1980",
    ),
    "an empty file": ("films.csv", b"", "", [1], "the file is empty", ""),
    "a truncated gzip": ("films.csv.gz", cut(gzip.compress), "", [-1], "truncated at line", ""),
    "a truncated bzip2": ("films.csv.bz2", cut(bz2.compress), "", [-1], "truncated at line", ""),
    "a truncated zip": ("films.csv.zip", cut(zipped), "", [-1], "truncated at line", ""),
    "a line of 200 MB": ("films.csv", b"", "", [3], "longer than 1 MiB", "tt3,xxx"),
}
LANDING_NOTHING = {"a missing column", "an empty file"}


@pytest.fixture(params=CASES)
def case(request, tmp_path: Path) -> tuple[str, Path, list[int], str, str]:
    name, content, more, lines, reason, row = CASES[request.param]
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "films.mapping.toml").write_text(MAPPING.replace("MORE", more))
    if request.param == "a line of 200 MB":
        with (folder / name).open("wb") as file:
            file.write(f"{HEADER}\n{ALIEN}\ntt3,".encode())
            for _ in range(200):
                file.write(b"x" * (1 << 20))
            file.write(f",1997,,film,\n{BRAZIL}\n".encode())
    else:
        (folder / name).write_bytes(content)
    return request.param, folder, lines, reason, row


def test_good_rows_land_and_bad_rows_are_kept(case, tmp_path):
    name, folder, lines, reason, row = case
    kg = KnowledgeGraph.create(tmp_path / "workspace")
    summary = ingest(kg, [folder])
    rejected = kg.rejected()
    assert summary.sources[0].rejected == len(rejected) == len(lines)
    assert (rejected["source"] == "studio").all()
    assert rejected["file"].str.startswith("films").all()
    assert rejected["reason"].str.contains(reason, regex=False).all()
    assert row in rejected["row"].fillna("")[0]
    titles = set(kg.titles()["label"])
    if name.startswith("a truncated"):
        assert len(titles) > 1000
        assert rejected["line"].item() == len(titles) + 2
    else:
        assert rejected["line"].tolist() == lines
        assert titles >= (set() if name in LANDING_NOTHING else {"Alien", "Brazil"})
    facts = kg.facts(relations=["storyline"])
    good = set() if name in LANDING_NOTHING else {("imdb:tt1", "tag:space")}
    assert set(zip(facts["head"], facts["tail"], strict=True)) >= good
    assert "Aliens" not in titles


def test_strict_lands_nothing_and_says_what_was_wrong_first(case, tmp_path):
    _, folder, _, reason, _ = case
    kg = KnowledgeGraph.create(tmp_path / "workspace")
    with pytest.raises(RowsRejected, match="nothing was taken in") as error:
        ingest(kg, [folder], strict=True)
    assert reason in str(error.value)
    assert "studio" in str(error.value)
    kg = KnowledgeGraph.open(tmp_path / "workspace")
    assert kg.version == 0
    assert kg.entities().empty
    assert kg.rejected().empty


def test_a_mended_file_lands_whole(tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "films.mapping.toml").write_text(MAPPING.replace("MORE", ""))
    (folder / "films.csv").write_bytes(text(ROW.replace("1997", "?")))
    kg = KnowledgeGraph.create(tmp_path / "workspace")
    assert ingest(kg, [folder]).sources[0].rejected == 1
    (folder / "films.csv").write_bytes(text(ROW))
    assert ingest(kg, [folder], strict=True).sources[0].rejected == 0
    assert set(kg.titles()["label"]) == {"Alien", "Brazil", "Contact"}
