"""Adding, retracting, merging and looking back."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg import Batch, KnowledgeGraph
from kg.errors import BadFrame, ReadOnly, RowsRejected, UnknownEntity, UnknownRelation, UnknownVersion, WorkspaceExists

HEART = ("imdb:tt0078788", "based_on", "book:heart-of-darkness")
GRAMS = ("imdb:tt0315733", "storyline", "tag:moral-dilemmas")


def frame(*facts: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(facts, columns=["head", "relation", "tail"])


def triples(kg: KnowledgeGraph) -> set[tuple[str, str, str]]:
    return set(kg.triples()[["head", "relation", "tail"]].itertuples(index=False, name=None))


@pytest.fixture
def kg(tmp_path: Path) -> KnowledgeGraph:
    return KnowledgeGraph.create(tmp_path / "workspace")


def test_facts_come_back_and_adding_them_again_changes_nothing(kg: KnowledgeGraph) -> None:
    assert kg.add_facts(frame(HEART, GRAMS)).added["facts"] == 2
    assert triples(kg) == {HEART, GRAMS}
    version = kg.version
    again = kg.add_facts(frame(GRAMS, HEART, HEART))
    assert again.nothing
    assert again.unchanged["facts"] == 2
    assert kg.version == version


def test_another_process_sees_the_same(kg: KnowledgeGraph) -> None:
    kg.add_facts(frame(HEART))
    assert triples(KnowledgeGraph.open(kg.workspace.path)) == {HEART}


def test_an_undeclared_entity_takes_its_type_from_its_facts(kg: KnowledgeGraph) -> None:
    kg.add_facts(frame(HEART, ("imdb:tt0078788", "starring", "person:marlon-brando")))
    types = kg.entities().set_index("id")["type"]
    assert types["imdb:tt0078788"] == "Title"  # based_on asks for a work, starring for a title
    assert types["person:marlon-brando"] == "Person"
    assert kg.entities().set_index("id").loc["book:heart-of-darkness", "label"] == "heart of darkness"


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        (("imdb:tt1", "storylin", "tag:x"), "no relation is called storylin"),
        (("person:someone", "storyline", "tag:x"), "is a Person and should be a Work"),
        (("imdb:tt0078788", "storyline", "person:someone"), "is a Person and should be a Tag"),
        (("no prefix", "storyline", "tag:x"), "not of the form prefix:name"),
        (("imdb:tt1", "storyline", "tag:white space"), "white space"),
        (("nowhere:1", "storyline", "tag:x"), "prefix nowhere is not declared"),
    ],
)
def test_bad_facts_are_set_apart_and_good_ones_land(
    kg: KnowledgeGraph, fact: tuple[str, str, str], reason: str
) -> None:
    kg.add_facts(frame(("imdb:tt0078788", "starring", "person:someone")))
    change = kg.add_facts(frame(fact, GRAMS).assign(line=[17, 18], file="facts.csv"))
    assert GRAMS in triples(kg)
    assert fact not in triples(kg)
    (row,) = kg.rejected().to_dict("records")
    assert reason in row["reason"]
    assert (row["source"], row["file"], row["line"]) == ("user", "facts.csv", 17)
    assert fact[2] in row["row"]
    assert len(change.rejected) == 1
    assert not {"imdb:tt1", "tag:white space", "nowhere:1"} & set(kg.entities(raw=True)["id"])  # no row for the refused


def test_strict_lands_nothing(kg: KnowledgeGraph) -> None:
    with pytest.raises(RowsRejected, match="1 rows were bad and nothing was taken in"):
        kg.add_facts(frame(GRAMS, ("imdb:tt1", "nonsense", "tag:x")), strict=True)
    assert triples(kg) == set()
    assert kg.version == 0


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (pd.DataFrame({"head": ["a:b"], "tail": ["c:d"]}), "'relation' is missing"),
        (frame(HEART).assign(colour="red"), "no column is called 'colour'"),
        (frame(HEART).assign(weight="heavy"), "'weight' can't be read as float"),
        (frame((None, "based_on", "book:x")), "row 0 has no 'head'"),  # type: ignore[arg-type]
    ],
)
def test_bad_frames_say_what_is_wrong(kg: KnowledgeGraph, bad: pd.DataFrame, why: str) -> None:
    with pytest.raises(BadFrame, match=why):
        kg.add_facts(bad)


def test_retract_and_look_back(kg: KnowledgeGraph) -> None:
    kg.add_facts(frame(HEART, GRAMS))
    before = kg.version
    assert kg.retract(frame(HEART)).retracted["facts"] == 1
    assert triples(kg) == {GRAMS}
    past = kg.at(before)
    assert triples(past) == {HEART, GRAMS}
    with pytest.raises(ReadOnly):
        past.add_facts(frame(HEART))
    with pytest.raises(UnknownVersion, match="no version 99"):
        kg.at(99)
    assert kg.retract(frame(HEART)).unchanged["facts"] == 1


def test_a_fact_of_two_sources_stays_while_one_says_it(kg: KnowledgeGraph) -> None:
    kg.add_facts(frame(GRAMS), source="one")
    kg.add_facts(frame(GRAMS), source="two")
    kg.retract(frame(GRAMS).assign(source="one"))
    assert triples(kg) == {GRAMS}
    kg.retract(frame(GRAMS))
    assert triples(kg) == set()


def test_rows_are_never_renumbered(kg: KnowledgeGraph) -> None:
    kg.add_facts(frame(HEART))
    before = kg.entities().set_index("id")["row"]
    kg.add_facts(frame(("book:a", "written_by", "person:a"), GRAMS))
    kg.retract(frame(HEART))
    after = kg.entities().set_index("id")["row"]
    assert after.reindex(before.index).equals(before)
    assert sorted(after) == list(range(len(after)))


def test_a_source_read_again_adds_and_retracts_what_changed(kg: KnowledgeGraph) -> None:
    first = Batch(source="s", facts=frame(HEART, GRAMS))
    kg.replace(first)
    learnt = kg.facts().set_index("head")["learnt_at"]
    assert kg.replace(first).nothing
    change = kg.replace(Batch(source="s", facts=frame(GRAMS, ("imdb:tt0315733", "mood", "mood:bleak"))))
    assert (change.added["facts"], change.retracted["facts"], change.unchanged["facts"]) == (1, 1, 1)
    now = kg.facts()
    kept = now[now["tail"] == "tag:moral-dilemmas"]
    assert kept["learnt_at"].item() == learnt["imdb:tt0315733"]


def test_a_batch_replaces_what_its_own_source_said_and_no_other(kg: KnowledgeGraph) -> None:
    kg.add_facts(frame(HEART), source="other")
    with pytest.raises(BadFrame, match="of the source 'other' in a batch that replaces 's'"):
        kg.replace(Batch(source="s", facts=frame(GRAMS).assign(source="other")))
    assert triples(kg) == {HEART}


def test_a_mended_row_leaves_the_quarantine(kg: KnowledgeGraph) -> None:
    kg.replace(Batch(source="s", facts=frame(GRAMS, ("imdb:tt1", "nonsense", "tag:x"))))
    kg.replace(Batch(source="other", facts=frame(("imdb:tt1", "nonsense", "tag:x"))))
    seen = kg.rejected().set_index("source")["seen_at"]
    assert kg.replace(Batch(source="other", facts=frame(("imdb:tt1", "nonsense", "tag:x")))).nothing
    kg.replace(Batch(source="s", facts=frame(GRAMS, ("imdb:tt1", "storyline", "tag:x"))))
    (row,) = kg.rejected().to_dict("records")
    assert row["source"] == "other"
    assert row["seen_at"] == seen["other"]


def test_titles_join_what_several_sources_say(kg: KnowledgeGraph) -> None:
    def film(source: str, **values: object) -> Batch:
        entity = {"id": ["imdb:tt0315733"], "type": ["Film"], "label": ["21 Grams"]}
        row = {"title": ["imdb:tt0315733"], "kind": ["film"]} | {k: [v] for k, v in values.items()}
        return Batch(source=source, entities=pd.DataFrame(entity), titles=pd.DataFrame(row))

    kg.replace(film("one", year=2003, countries=[]))
    kg.replace(film("two", year=2004, runtime=124, countries=["US"], launch=date(2003, 9, 6)))
    (title,) = kg.titles().to_dict("records")
    assert (title["label"], title["kind"], title["year"], title["runtime"]) == ("21 Grams", "film", 2003, 124)
    assert list(title["countries"]) == ["US"]
    assert title["launch"] == date(2003, 9, 6)
    assert len(kg.titles(raw=True)) == 2


def test_a_second_title_for_one_identifier_is_set_apart(kg: KnowledgeGraph) -> None:
    entities = pd.DataFrame(
        {"id": ["imdb:tt1", "imdb:tt1"], "type": "Film", "label": ["One Film", "Quite Another"], "line": [2, 3]}
    )
    kg.replace(Batch(source="s", entities=entities))
    assert kg.entities()["label"].tolist() == ["One Film"]
    (row,) = kg.rejected().to_dict("records")
    assert row["line"] == 3
    assert "already stands for One Film" in row["reason"]


def test_other_sources_add_labels_and_the_same_source_corrects_its_own(kg: KnowledgeGraph) -> None:
    def named(source: str, label: str) -> Batch:
        return Batch(source=source, entities=pd.DataFrame({"id": ["imdb:tt1"], "type": ["Film"], "label": [label]}))

    kg.replace(named("one", "De Aanslg"))
    kg.replace(named("two", "The Assault"))
    kg.replace(named("one", "De Aanslag"))
    (entity,) = kg.entities().to_dict("records")
    assert entity["label"] == "De Aanslag"
    assert list(entity["other_labels"]) == ["The Assault"]


def test_audience_and_viewings(kg: KnowledgeGraph) -> None:
    sizes = pd.DataFrame(
        {"title": "imdb:tt1", "country": ["ES", "Spain", "MX"], "size": [3.0, 1.0, -1.0], "unit": "chart points"}
    )
    viewings = pd.DataFrame({"viewer": ["v:1"], "title": ["imdb:tt1"], "weight": [4.5]})
    kg.replace(Batch(source="s", audience=sizes, viewings=viewings))
    assert kg.audience()[["country", "size"]].values.tolist() == [["ES", 3.0]]
    assert kg.viewings()["weight"].tolist() == [4.5]
    assert sorted(r.split(" is not")[0] for r in kg.rejected()["reason"]) == ["the country", "the size"]


def test_merge_keeps_the_older_row_and_can_be_undone(kg: KnowledgeGraph) -> None:
    kg.add_facts(frame(("tmdb:1", "storyline", "tag:a"), ("imdb:tt1", "storyline", "tag:b")))
    kg.add_facts(frame(("imdb:tt1", "same_as", "tmdb:1")))
    assert set(kg.triples()["head"]) == {"tmdb:1"}
    assert "imdb:tt1" not in set(kg.entities()["id"])
    assert sorted(kg.names_of(["imdb:tt1"])) == ["imdb:tt1", "tmdb:1"]
    kg.unmerge("imdb:tt1", "tmdb:1")
    assert set(kg.triples()["head"]) == {"tmdb:1", "imdb:tt1"}
    kg.add_facts(frame(("tmdb:1", "same_as", "imdb:tt1")), source="insists")
    assert set(kg.triples()["head"]) == {"tmdb:1", "imdb:tt1"}
    with pytest.raises(UnknownEntity):
        kg.unmerge("imdb:tt1", "tmdb:1")


def test_a_merge_goes_when_its_source_takes_it_back(kg: KnowledgeGraph) -> None:
    kg.add_facts(frame(("tmdb:1", "storyline", "tag:a"), ("imdb:tt1", "storyline", "tag:b")))
    kg.replace(Batch(source="links", facts=frame(("imdb:tt1", "same_as", "tmdb:1"))))
    assert len(kg.titles()) == 0
    assert kg.triples()["head"].nunique() == 1
    kg.replace(Batch(source="links"))
    assert kg.triples()["head"].nunique() == 2


def test_a_film_and_a_book_are_never_one(kg: KnowledgeGraph) -> None:
    kg.add(Batch(source="s", entities=pd.DataFrame({"id": ["imdb:tt1", "book:x"], "type": ["Film", "Book"]})))
    kg.add_facts(frame(("imdb:tt1", "same_as", "book:x")))
    assert "of one type" in kg.rejected()["reason"].item()


def test_unknown_relation_and_taken_folder(kg: KnowledgeGraph) -> None:
    with pytest.raises(UnknownRelation):
        kg.facts(["nonsense"])
    with pytest.raises(WorkspaceExists):
        KnowledgeGraph.create(kg.workspace.path)


ids = st.sampled_from([f"imdb:tt{i}" for i in range(6)])
tags = st.sampled_from([f"tag:{i}" for i in range(6)])
steps = st.lists(
    st.tuples(st.sampled_from(["add", "retract", "replace"]), st.lists(st.tuples(ids, tags), max_size=6)), max_size=6
)


@settings(max_examples=15, deadline=None)
@given(steps=steps)
def test_the_store_behaves_like_a_set_with_a_history(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, list[tuple[str, str]]]]
) -> None:
    kg = KnowledgeGraph.create(tmp_path_factory.mktemp("w") / "w")
    model: set[tuple[str, str, str]] = set()
    history = {0: model.copy()}
    for action, pairs in steps:
        facts = {(h, "storyline", t) for h, t in pairs}
        if action == "add":
            kg.add_facts(frame(*facts), source="s")
            model |= facts
        elif action == "retract":
            kg.retract(frame(*facts))
            model -= facts
        else:
            kg.replace(Batch(source="s", facts=frame(*facts)))
            model = facts.copy()
        assert triples(kg) == model
        history[kg.version] = model.copy()
    for version, then in history.items():
        assert triples(kg.at(version)) == then
