"""Held-out facts: which side a fact is on, that it stays there, and that nothing gives it away."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg import Batch, KnowledgeGraph
from kg.errors import BadFrame, HoldoutError, UnknownRelation
from kg.holdout import Holdout, split
from kg.schema import Schema
from kg.statistics import SUSPECTS

OWN = """
@prefix my: <https://example.org/my#> .
@prefix tg: <https://w3id.org/titlegraph/schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
my:like a owl:ObjectProperty, owl:SymmetricProperty ; rdfs:domain tg:Work ; rdfs:range tg:Work .
my:adapts a owl:ObjectProperty ; rdfs:domain tg:Work ; rdfs:range tg:Work .
my:filmed_as a owl:ObjectProperty ; rdfs:domain tg:Work ; rdfs:range tg:Work ; owl:inverseOf tg:based_on .
"""
RELATIONS = [
    "follows",
    "followed_by",
    "my:like",
    "my:adapts",
    "based_on",
    "my:filmed_as",
    "starring",
    "adaptation_hint",
]
TWINS = pd.DataFrame([("based_on", "my:adapts", "duplicate")], columns=SUSPECTS[:3])
Fact = tuple[str, str, str]


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    file = tmp_path_factory.mktemp("schema") / "schema.ttl"
    file.write_text(OWN)
    return Schema.load(file)


def frame(facts: list[Fact]) -> pd.DataFrame:
    return pd.DataFrame(facts, columns=["head", "relation", "tail"])


def facts_of(part: pd.DataFrame) -> set[Fact]:
    return set(part[["head", "relation", "tail"]].itertuples(index=False, name=None))


def grid(relation: str, heads: int, tails: int) -> list[Fact]:
    return [(f"imdb:tt{h}", relation, f"person:{t}") for h in range(heads) for t in range(tails)]


def test_the_parts_are_the_whole(schema: Schema) -> None:
    facts = frame(grid("starring", 50, 40)).assign(weight=1.0)
    parts = split(facts, schema, seed=3, share=0.1, valid=0.05)
    everything = pd.concat([parts.train, parts.valid, parts.test, parts.withheld])
    assert len(everything) == len(facts)
    assert facts_of(everything) == facts_of(facts)
    assert list(parts.train.columns) == ["head", "relation", "tail", "weight"]
    # 2,000 facts at 10 % and 5 %: four standard deviations are 54 and 39.
    assert abs(len(parts.test) - 200) < 54
    assert abs(len(parts.valid) - 100) < 39
    assert parts.unseen == []
    assert f"{len(parts.test):,} of 2,000 facts are for testing" in parts.protocol


def test_the_seed_decides_and_nothing_else(schema: Schema) -> None:
    facts = frame(grid("starring", 30, 30))
    first = split(facts, schema, seed=1, share=0.2)
    again = split(facts.sample(frac=1, random_state=0), schema, seed=1, share=0.2)
    assert facts_of(first.test) == facts_of(again.test)
    assert facts_of(first.test) != facts_of(split(facts, schema, seed=2, share=0.2).test)


def test_the_sides_are_the_same_next_year(schema: Schema) -> None:
    """Written down, since a release made tonight must be comparable with one of any other night."""
    parts = split(frame(grid("starring", 4, 4)), schema, seed=0, share=0.25)
    pairs = {(0, 0), (0, 1), (1, 0), (1, 3), (2, 0)}
    assert facts_of(parts.test) == {(f"imdb:tt{h}", "starring", f"person:{t}") for h, t in pairs}


def test_a_larger_share_holds_out_the_same_and_more(schema: Schema) -> None:
    facts = frame(grid("starring", 30, 30))
    small, large = (split(facts, schema, seed=0, share=share) for share in (0.05, 0.15))
    assert facts_of(small.test) < facts_of(large.test)


def test_shares_by_relation(schema: Schema) -> None:
    facts = frame([*grid("starring", 30, 30), *grid("directed_by", 30, 30)])
    parts = split(facts, schema, seed=0, share={"directed_by": 0.2}, valid=0.1)
    assert set(parts.test["relation"]) == set(parts.valid["relation"]) == {"directed_by"}


def test_what_gives_an_answer_away_is_withheld(schema: Schema) -> None:
    facts = frame(
        [
            ("imdb:tt1", "based_on", "book:a"),
            ("imdb:tt1", "adaptation_hint", "hint:based-on-novel"),
            ("imdb:tt1", "storyline", "tag:river"),
            ("imdb:tt2", "adaptation_hint", "hint:based-on-novel"),
            ("book:b", "my:filmed_as", "imdb:tt3"),
            ("imdb:tt3", "based_on_work_by", "person:b"),
        ]
    )
    parts = split(facts, schema, seed=0, share={"based_on": 1.0})
    assert facts_of(parts.test) == {tuple(facts.iloc[0]), tuple(facts.iloc[4])}
    assert facts_of(parts.withheld) == {tuple(facts.iloc[1]), tuple(facts.iloc[5])}
    assert facts_of(parts.train) == {tuple(facts.iloc[2]), tuple(facts.iloc[3])}
    assert parts.unseen == ["book:a", "book:b", "imdb:tt3"]
    assert "2 facts that give held-out answers away are withheld" in parts.protocol


def test_unseen_entities_stay_in_the_test(schema: Schema) -> None:
    facts = frame(grid("starring", 300, 1) + [(f"imdb:tt{i}", "directed_by", f"person:only-{i}") for i in range(300)])
    parts = split(facts, schema, seed=0, share=0.1)
    trained = set(parts.train["head"]) | set(parts.train["tail"])
    held = set(parts.test["head"]) | set(parts.test["tail"])
    assert parts.unseen == sorted(held - trained)
    assert any(entity.startswith("person:only-") for entity in parts.unseen)


# -- properties

names = st.integers(0, 7).map(lambda i: f"title:{i}")
some_facts = st.lists(st.tuples(names, st.sampled_from(RELATIONS), names), max_size=40, unique=True)
shares = st.floats(0, 0.6)


def sides(parts: Holdout) -> dict[Fact, str]:
    return {fact: name for name in ("train", "valid", "test", "withheld") for fact in facts_of(getattr(parts, name))}


@settings(deadline=None)
@given(facts=some_facts, more=some_facts, seed=st.integers(-5, 5), share=shares)
def test_adding_facts_moves_none(schema: Schema, facts: list[Fact], more: list[Fact], seed: int, share: float) -> None:
    before = sides(split(frame(facts), schema, seed=seed, share=share, valid=0.2, twins=TWINS))
    after = sides(split(frame(list({*facts, *more})), schema, seed=seed, share=share, valid=0.2, twins=TWINS))
    for fact, side in before.items():
        # A new held-out fact may withhold a hint that gives it away; nothing else changes.
        assert after[fact] == side or (side == "train" and after[fact] == "withheld")


def twins_of(fact: Fact) -> set[Fact]:
    """Everything that says what a fact says, with the fact itself."""
    head, relation, tail = fact
    said = {
        "follows": [("follows", False), ("followed_by", True)],
        "based_on": [("based_on", False), ("my:adapts", False), ("my:filmed_as", True)],
        "my:like": [("my:like", False), ("my:like", True)],
    }
    for same in said.values():
        for name, turned in same:
            if name == relation:
                return {(tail, n, head) if t ^ turned else (head, n, tail) for n, t in same}
    return {fact}


@settings(deadline=None)
@given(facts=some_facts, seed=st.integers(0, 5), share=st.dictionaries(st.sampled_from(RELATIONS), shares))
def test_no_twin_of_a_held_out_fact_trains(
    schema: Schema, facts: list[Fact], seed: int, share: dict[str, float]
) -> None:
    parts = split(frame(facts), schema, seed=seed, share=share, valid=0.3, twins=TWINS)
    side = sides(parts)
    for fact in facts_of(parts.test) | facts_of(parts.valid):
        assert {side[twin] for twin in twins_of(fact) if twin in side} == {side[fact]}


@settings(deadline=None)
@given(facts=some_facts, seed=st.integers(0, 5), share=shares)
def test_a_book_is_on_one_side(schema: Schema, facts: list[Fact], seed: int, share: float) -> None:
    parts = split(frame(facts), schema, seed=seed, share=share, valid=0.3, twins=TWINS)
    books: dict[str, set[str]] = {}
    for (head, relation, tail), side in sides(parts).items():
        if relation in ("based_on", "my:adapts", "my:filmed_as"):
            books.setdefault(head if relation == "my:filmed_as" else tail, set()).add(side)
    assert all(len(found) == 1 for found in books.values())


# -- by time


def test_by_time(schema: Schema) -> None:
    facts = frame(
        [
            ("imdb:tt1", "starring", "person:a"),
            ("imdb:tt2", "starring", "person:a"),
            ("imdb:tt2", "follows", "imdb:tt1"),
            ("imdb:tt1", "followed_by", "imdb:tt2"),
            ("imdb:tt2", "directed_by", "person:a"),
        ]
    ).assign(date=pd.to_datetime(["2019-01-01", "2021-01-01", "2021-01-01", "2019-06-01", "2021-06-30"]))
    parts = split(facts, schema, seed=0, since=date(2021, 1, 1))
    # That tt2 follows tt1 was known in 2019, the other way round.
    assert facts_of(parts.test) == {("imdb:tt2", "starring", "person:a"), ("imdb:tt2", "directed_by", "person:a")}
    assert "learnt on 2021-01-01 or later" in parts.protocol


def test_when_a_fact_of_a_workspace_was_learnt(tmp_path: Path) -> None:
    kg = KnowledgeGraph.create(tmp_path / "workspace")
    facts = frame(
        [
            ("imdb:tt1", "starring", "person:a"),
            ("imdb:tt2", "starring", "person:a"),
            ("imdb:tt3", "starring", "person:a"),
            ("imdb:tt4", "starring", "person:a"),
            ("imdb:tt5", "starring", "person:a"),
            ("imdb:tt1", "followed_by", "imdb:tt3"),
        ]
    ).assign(valid_from=[None, None, None, None, date(2000, 1, 1), None])
    titles = pd.DataFrame(
        {
            "title": ["imdb:tt1", "imdb:tt2", "imdb:tt3", "imdb:tt5"],
            "kind": "film",
            "launch": [date(1999, 5, 1), None, date(2022, 1, 1), date(2022, 1, 1)],
            "year": pd.array([1999, 2019, None, 2022], dtype="Int64"),
        }
    )
    kg.add(Batch(source="user", facts=facts, titles=titles))
    parts = split(kg, since=date(2019, 12, 31))
    assert facts_of(parts.train) == {("imdb:tt1", "starring", "person:a"), ("imdb:tt5", "starring", "person:a")}
    assert ("imdb:tt2", "starring", "person:a") in facts_of(parts.test)  # 2019 may be its last day
    assert ("imdb:tt4", "starring", "person:a") in facts_of(parts.test)  # learnt today
    assert ("imdb:tt1", "followed_by", "imdb:tt3") in facts_of(parts.test)  # not before there was a sequel
    assert facts_of(split(kg, since=date(2020, 1, 1)).train) - facts_of(parts.train) == {
        ("imdb:tt2", "starring", "person:a")
    }


def test_a_workspace_brings_its_own_share_and_seed(tmp_path: Path) -> None:
    kg = KnowledgeGraph.create(tmp_path / "workspace", seed=7)
    kg.add_facts(frame(grid("starring", 40, 40)))
    parts = split(kg)
    assert facts_of(parts.test) == facts_of(split(kg.triples(), kg.schema, seed=7, share=0.02).test)
    assert 0 < len(parts.test) < 0.05 * 1600


# -- what can't be done


def test_shares_that_are_none(schema: Schema) -> None:
    facts = frame(grid("starring", 2, 2))
    for share, valid in ((1.5, 0.0), (-0.1, 0.0), (0.6, 0.5), (float("nan"), 0.0)):
        with pytest.raises(HoldoutError, match="from 0 to 1"):
            split(facts, schema, seed=0, share=share, valid=valid)
    with pytest.raises(UnknownRelation):
        split(facts, schema, seed=0, share={"starrin": 0.1})


def test_a_symmetric_relation_has_no_sides(schema: Schema) -> None:
    with pytest.raises(HoldoutError, match="either of its sides"):
        split(frame(grid("starring", 2, 2)), schema, seed=0, group={"my:like": "head"})


def test_a_frame_needs_its_columns(schema: Schema) -> None:
    with pytest.raises(BadFrame, match="'tail' is missing"):
        split(frame([]).drop(columns="tail"), schema, seed=0)
    with pytest.raises(BadFrame, match="'date' is missing"):
        split(frame([]), schema, seed=0, since=date(2020, 1, 1))
    with pytest.raises(HoldoutError, match="a schema and a seed"):
        split(frame([]))


def test_nothing_at_all(schema: Schema) -> None:
    parts = split(frame([]), schema, seed=0)
    assert len(parts.train) == len(parts.test) == 0
