"""Reading delimited text: what lands, what is set apart, and at which line."""

from __future__ import annotations

import ast
import bz2
import csv
import gzip
import io
import lzma
import random
import tracemalloc
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.reading import concat, dates, literals, numbers, read_table, reject

CLEAN = "id,title,year\n1,Alien,1979\n2,Brazil,1985\n3,Contact,1997\n"


def table(folder: Path, text: str | bytes, name: str = "films.csv", **options: object):
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_table(path, **{"required": ["id", "title"], **options})


def titles(raw) -> list[str]:
    return raw.frame["title"].tolist()


# -- what is right


def test_a_clean_table_comes_as_text_with_line_numbers(tmp_path):
    raw = table(tmp_path, CLEAN)
    assert raw.frame.to_dict("list") == {
        "id": ["1", "2", "3"],
        "title": ["Alien", "Brazil", "Contact"],
        "year": ["1979", "1985", "1997"],
        "line": [2, 3, 4],
    }
    assert raw.rejected.empty


def test_only_named_cells_are_missing(tmp_path):
    text = "id,title\n1,N/A\n2,NaN\n3,\n4,None\n5,-\n"
    assert table(tmp_path, text).frame["title"].fillna("*").tolist() == ["N/A", "NaN", "*", "None", "-"]
    assert table(tmp_path, text, missing=("", "-")).frame["title"].fillna("*").tolist() == [
        "N/A",
        "NaN",
        "*",
        "None",
        "*",
    ]


def test_bom_crlf_and_quoted_separators(tmp_path):
    raw = table(tmp_path, '\ufeffid,title\r\n1,"Good, the Bad"\r\n2,"say ""hi"""\r\n'.encode())
    assert titles(raw) == ["Good, the Bad", 'say "hi"']
    assert raw.frame["line"].tolist() == [2, 3]


def test_line_numbers_count_quoted_line_ends_and_empty_lines(tmp_path):
    raw = table(tmp_path, 'id,title\n1,"two\nlines"\n\n2,Brazil\n3,"a\n\nb"\n4,Dune\n')
    assert raw.frame["line"].tolist() == [2, 5, 6, 9]
    assert titles(raw) == ["two\nlines", "Brazil", "a\n\nb", "Dune"]
    assert raw.rejected.empty


def test_unquoted_text_keeps_its_quotes(tmp_path):
    raw = table(tmp_path, 'id\ttitle\n1\t"Quoted\n2\tin 5" of snow\n', separator="\t", quoted=False)
    assert titles(raw) == ['"Quoted', 'in 5" of snow']


def test_a_given_header_leaves_the_first_line_a_row(tmp_path):
    raw = table(tmp_path, "1,Alien\n2,Brazil\n", header=["id", "title"])
    assert raw.frame["line"].tolist() == [1, 2]


def test_repeated_columns_and_one_called_line_stay_apart(tmp_path):
    raw = table(tmp_path, "id,title,line,title\n1,Alien,9,Alien 2\n")
    assert list(raw.frame) == ["id", "title", "line (2)", "title (2)", "line"]
    assert raw.frame.loc[0, "line"] == 2


def _zip(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("films.csv", data)
    return buffer.getvalue()


PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zip": _zip}


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("named", [True, False])
def test_packed_tables_are_known_by_name_or_first_bytes(tmp_path, suffix, named):
    raw = table(tmp_path, PACKERS[suffix](CLEAN.encode()), f"films.csv.{suffix}" if named else "films.csv")
    assert titles(raw) == ["Alien", "Brazil", "Contact"]


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r")), st.text("ab\",\n ;'é")
        ),
        max_size=8,
    )
)
def test_whatever_the_csv_module_writes_is_read_back(tmp_path_factory, cells):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerows([("id", "title"), *cells])
    raw = read_table(path, required=["id"])
    assert list(zip(raw.frame["id"].fillna(""), raw.frame["title"].fillna(""), strict=True)) == cells
    assert raw.rejected.empty
    lines = path.read_bytes().decode().split("\n")
    expected = 2
    for line, row in zip(raw.frame["line"], cells, strict=True):
        assert line == expected
        assert lines[line - 1].startswith('"')
        expected += 1 + sum(cell.count("\n") for cell in row)


def test_real_tables_agree_with_pandas(shared_data):
    """Files with quotes, line ends in quotes and Python literals, against another reader."""
    for name in ("netflix_titles/netflix_titles.csv", "tmdb/tmdb_5000_movies.csv", "justwatch/original_titles.csv"):
        path = shared_data / "catalogue" / name
        raw = read_table(path, required=[])
        other = pd.read_csv(path, dtype=str, keep_default_na=False)
        assert raw.rejected.empty
        pd.testing.assert_frame_equal(raw.frame.drop(columns="line").fillna(""), other, check_dtype=False)


def test_lines_of_a_real_table_are_where_its_rows_start(shared_data):
    path = shared_data / "catalogue" / "justwatch" / "original_titles.csv"
    text = path.read_text(encoding="utf-8").split("\n")
    frame = read_table(path, required=["id"]).frame
    assert all(text[line - 1].startswith(id_) for line, id_ in zip(frame["line"], frame["id"], strict=True))


# -- what is wrong


def test_rows_with_a_wrong_number_of_cells_are_set_apart(tmp_path):
    raw = table(tmp_path, "id,title\n1,Alien\n2\n3,Contact,1997\n4,Dune\n")
    assert titles(raw) == ["Alien", "Dune"]
    assert raw.rejected.to_dict("list") == {
        "file": ["films.csv"] * 2,
        "line": [3, 4],
        "row": ["2", "3,Contact,1997"],
        "reason": ["1 cells where the header names 2", "3 cells where the header names 2"],
    }


def test_rows_in_another_encoding_are_set_apart(tmp_path):
    raw = table(tmp_path, "id,title\n1,Amélie\n".encode() + "2,Léon\n".encode("latin-1") + b"3,Brazil\n")
    assert titles(raw) == ["Amélie", "Brazil"]
    assert raw.rejected["line"].tolist() == [3]
    assert "not UTF-8 at byte 4" in raw.rejected["reason"][0]
    assert raw.rejected["row"][0] == "2,L�on"


def test_a_utf_16_file_is_named_as_such(tmp_path):
    raw = table(tmp_path, CLEAN.encode("utf-16"))
    assert raw.frame.empty
    assert "UTF-16" in raw.rejected["reason"].item()


def test_a_stray_quote_costs_its_own_line_only(tmp_path):
    raw = table(tmp_path, 'id,title\n1,"Alien\n2,Brazil\n3,"Contact"\n4,"Dune"\n')
    assert titles(raw) == ["Brazil", "Contact", "Dune"]
    assert raw.rejected["line"].tolist() == [2]
    assert "quote" in raw.rejected["reason"][0]


def test_a_quote_open_at_the_end_costs_its_own_line_only(tmp_path):
    raw = table(tmp_path, 'id,title\n1,Alien\n2,"Brazil\n3,Contact\n')
    assert titles(raw) == ["Alien", "Contact"]
    assert raw.rejected["line"].tolist() == [3]


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_an_empty_file_is_one_rejection(tmp_path, text):
    raw = table(tmp_path, text)
    assert raw.frame.empty
    assert raw.rejected[["line", "reason"]].to_dict("list") == {"line": [1], "reason": ["the file is empty"]}
    assert {"id", "title", "line"} <= set(raw.frame)


def test_a_table_without_rows_is_no_fault(tmp_path):
    raw = table(tmp_path, "id,title\n")
    assert raw.frame.empty
    assert raw.rejected.empty


def test_a_missing_column_is_one_rejection_that_names_the_columns(tmp_path):
    raw = table(tmp_path, "id,name\n1,Alien\n")
    assert raw.frame.empty
    assert raw.rejected["reason"].tolist() == ["the column 'title' is missing; there are id, name"]


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_truncated_archive_gives_its_good_rows_and_one_rejection(tmp_path, suffix):
    noise = random.Random(0).randbytes(150 * 6_000).hex()
    names = [noise[i : i + 300] for i in range(0, len(noise), 300)]
    rows = "".join(f"{i},{name}\n" for i, name in enumerate(names))
    packed = PACKERS[suffix](("id,title\n" + rows).encode())
    raw = table(tmp_path, packed[: len(packed) // 2], f"films.csv.{suffix}")
    assert len(raw.frame) > 1000
    assert titles(raw) == names[: len(raw.frame)]
    assert raw.rejected["line"].tolist() == [len(raw.frame) + 2]
    assert "truncated" in raw.rejected["reason"].item()


def test_a_damaged_archive_is_one_rejection(tmp_path):
    packed = bytearray(gzip.compress(CLEAN.encode() * 5000))
    packed[len(packed) // 2] ^= 0xFF
    raw = table(tmp_path, bytes(packed), "films.csv.gz")
    assert raw.rejected["reason"].str.contains("damaged|truncated").sum() == 1


def test_a_plain_file_with_the_name_of_an_archive_is_one_rejection(tmp_path):
    raw = table(tmp_path, CLEAN, "films.csv.gz")
    assert raw.rejected["reason"].str.contains("not packed that way").all()
    assert len(raw.rejected) == 1


def test_an_archive_of_several_files_is_one_rejection(tmp_path):
    path = tmp_path / "films.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", CLEAN)
        archive.writestr("b.csv", CLEAN)
    assert "holds 2 files" in read_table(path, required=["id"]).rejected["reason"].item()


def test_a_line_of_two_hundred_megabytes_is_set_apart_without_being_held(tmp_path):
    path = tmp_path / "films.csv"
    with path.open("wb") as file:
        file.write(b"id,title\n1,Alien\n2,")
        for _ in range(200):
            file.write(b"x" * (1 << 20))
        file.write(b"\n3,Contact\n")
    tracemalloc.start()
    raw = read_table(path, required=["id", "title"])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert titles(raw) == ["Alien", "Contact"]
    assert raw.rejected[["line", "reason"]].to_dict("list") == {
        "line": [3],
        "reason": ["the line is longer than 1 MiB"],
    }
    assert len(raw.rejected["row"][0]) <= 200
    assert peak < 32 << 20


# -- cells


def test_numbers():
    frame = pd.DataFrame({"n": pd.Series(["1", "2.5", "-3e2", "x", None, "inf", "nan", "1995.0"], dtype="str")})
    values, bad = numbers(frame, "n")
    assert values.fillna(-1).tolist() == [1, 2.5, -300, -1, -1, -1, -1, 1995]
    assert bad.tolist() == [False, False, False, True, False, True, True, False]
    whole, bad = numbers(frame, "n", integer=True)
    assert whole.fillna(-1).tolist() == [1, -1, -300, -1, -1, -1, -1, 1995]
    assert bad.tolist() == [False, True, False, True, False, True, True, False]


def test_dates():
    frame = pd.DataFrame({"d": pd.Series(["2021-07-04", "soon", None, "2021-02-30", "1902-05-01"], dtype="str")})
    values, bad = dates(frame, "d")
    assert values.dt.strftime("%Y-%m-%d").fillna("").tolist() == ["2021-07-04", "", "", "", "1902-05-01"]
    assert bad.tolist() == [False, True, False, True, False]
    other = pd.DataFrame({"d": pd.Series(["09/08/2020", "2020-09-08"], dtype="str")})
    values, bad = dates(other, "d", "%m/%d/%Y")
    assert values[0] == pd.Timestamp("2020-09-08")
    assert bad.tolist() == [False, True]


def test_literals_are_read_and_never_evaluated():
    cells = pd.Series(
        [
            "['a', 'b']",
            '["it\'s", "x"]',
            '[{"id": 1, "name": "n"}]',
            "[{'id': 1, 'name': \"it's\"}]",
            r"['a\'b']",
            "[]",
            None,
            "['a'",
            "open('x')",
            "7",
        ],
        dtype="str",
    )
    read = literals(cells)
    assert read.tolist()[:7] == [
        ["a", "b"],
        ["it's", "x"],
        [{"id": 1, "name": "n"}],
        [{"id": 1, "name": "it's"}],
        ["a'b"],
        [],
        [],
    ]
    assert read.isna().tolist() == [False] * 7 + [True] * 3


def test_literals_of_a_real_column_are_what_python_reads(shared_data):
    cells = read_table(shared_data / "catalogue" / "netflix_pages" / "netflix_pages.csv", required=["Cast"]).frame[
        "Cast"
    ]
    assert literals(cells).tolist() == [ast.literal_eval(cell) for cell in cells.fillna("[]")]


def test_rejections_say_where_and_what(tmp_path):
    frame = table(tmp_path, "id,title\n1,Alien\n2,\n").frame
    one = reject(frame, frame["title"].isna(), "no title", tmp_path / "films.csv")
    assert one.to_dict("list") == {"file": ["films.csv"], "line": [3], "reason": ["no title"], "row": ['{"id": "2"}']}
    none = reject(frame, frame["title"] == "?", "no title", tmp_path / "films.csv")
    assert len(concat(one, none, one)) == 2
    assert list(concat()) == ["file", "line", "reason", "row"]
