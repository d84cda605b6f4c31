"""MetaQA: one node for each name, which is set apart where it is several films."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

from ingest.sources.metaqa import ADAPTER
from kg.tables import Batch


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "catalogue" / "metaqa"


@pytest.fixture(scope="module")
def real(folder: Path) -> Batch:
    return ADAPTER.read(ADAPTER.recognise(folder))


@pytest.fixture(scope="module")
def years(folder: Path) -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for line in (folder / "metaqa_kb_labelled.tsv").read_text(encoding="utf-8").splitlines():
        head, relation, tail = line.split("\t")
        found[head] |= {int(tail)} if relation == "release_year" and tail.isdigit() else set()
    return dict(found)


def tails(batch: Batch, head: str, relation: str) -> set[str]:
    facts = batch.facts
    return set(facts.loc[(facts["head"] == head) & (facts["relation"] == relation), "tail"])


def test_names_of_several_films_are_set_apart_whole(real, years):
    several = {name for name, found in years.items() if found and max(found) - min(found) > 1}
    rejected = real.rejected[real.rejected["reason"].str.startswith("several films of this name")]
    assert {json.loads(row)["head"] for row in rejected["row"]} == several
    assert {"King Kong", "Hamlet", "The Thing", "Les Misérables"} <= several
    assert not several & set(real.entities.loc[real.entities["type"] == "Film", "label"])
    why = dict(zip((json.loads(row)["head"] for row in rejected["row"]), rejected["reason"], strict=True))
    assert why["Stalingrad"] == "several films of this name, released in 1993, 2013"
    assert len(several) == 677


def test_all_other_films_are_there(real, years):
    several = sum(bool(found) and max(found) - min(found) > 1 for found in years.values())
    assert len(real.titles) == len(years) - several - 2  # two spellings that nothing tells apart from others
    titles = real.titles.set_index("title")
    assert titles.loc["metaqa:seven-samurai-1954", "year"] == 1954
    assert titles["year"].isna().sum() == 1105


def test_spellings_of_two_films_are_two_films(real):
    """ "Hush!" is a film of 2001; "Hush" is several."""
    labels = real.entities.set_index("id")["label"]
    assert labels["metaqa:hush-2001"] == "Hush!"
    assert labels["metaqa:taxi-1932"] == "Taxi!"
    assert real.titles["title"].is_unique


def test_a_year_that_is_none(real):
    bad = real.rejected[real.rejected["reason"] == "the release year is not a year"]
    assert sorted(json.loads(row)["tail"] for row in bad["row"]) == ["hotel", "murder", "ralph fiennes", "wes anderson"]
    assert list(bad["line"]) == [128794, 128795, 128796, 128797]
    assert real.titles.set_index("title").loc["metaqa:the-grand-budapest-hotel-2014", "year"] == 2014


def test_what_is_said_of_a_film(real):
    film = "metaqa:dead-man-walking-1995"
    assert tails(real, film, "directed_by") == {"person:metaqa/tim-robbins"}
    assert tails(real, film, "written_by") == {"person:metaqa/tim-robbins", "person:metaqa/helen-prejean"}
    assert tails(real, film, "starring") == {"person:metaqa/sean-penn", "person:metaqa/susan-sarandon"}
    assert tails(real, film, "has_genre") == {"genre:drama", "genre:crime"}
    assert {"usertag:death-row", "usertag:prison"} <= tails(real, film, "user_tag")
    assert tails(real, film, "adaptation_hint") == {"hint:book"}
    assert tails(real, "metaqa:seven-samurai-1954", "in_language") == {"language:ja"}
    assert real.entities.set_index("id").loc["language:ja", "label"] == "Japanese"


def test_notes_and_hints_among_the_tags(real):
    tags = set(real.facts.loc[real.facts["relation"] == "user_tag", "tail"])
    assert not {"usertag:remake", "usertag:comic-book", "usertag:book", "usertag:bd-r", "usertag:own"} & tags
    hints = set(real.facts.loc[real.facts["relation"] == "adaptation_hint", "tail"])
    assert {"hint:remake", "hint:comic-book", "hint:book"} <= hints
    assert set(real.facts["relation"]) == {
        "directed_by", "written_by", "starring", "in_language", "has_genre", "user_tag", "adaptation_hint",
    }  # fmt: skip


def test_only_a_file_of_such_triples_is_recognised(tmp_path):
    path = tmp_path / "metaqa_kb_labelled.tsv"
    path.write_text("one\ttwo\tthree\n", encoding="utf-8")
    assert not ADAPTER.recognise(tmp_path)
    path.write_text("A\tdirected_by\tB\nA\trelease_year\t1990\nA\tsung_by\tC\nA\tdirected_by\n", encoding="utf-8")
    batch = ADAPTER.read(ADAPTER.recognise(tmp_path))
    assert tails(batch, "metaqa:a-1990", "directed_by") == {"person:metaqa/b"}
    assert batch.rejected.sort_values("line")[["line", "reason"]].values.tolist() == [
        [3, "no relation is called sung_by"],
        [4, "2 cells where the header names 3"],
    ]
