"""DBpedia: works apart from their authors, and no film taken for its remake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ingest.sources.dbpedia import ADAPTER, kind_of_basis, resource_id
from kg.tables import Batch


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "catalogue" / "dbpedia"


@pytest.fixture(scope="module")
def real(folder: Path) -> Batch:
    return ADAPTER.read(ADAPTER.recognise(folder))


def tails(batch: Batch, head: str, relation: str) -> set[str]:
    facts = batch.facts
    return set(facts.loc[(facts["head"] == head) & (facts["relation"] == relation), "tail"])


def test_who_made_a_film(real):
    film = "dbr:Jumanji"
    assert "dbr:Robin_Williams" in tails(real, film, "starring")
    assert tails(real, film, "directed_by") == {"dbr:Joe_Johnston"}
    assert tails(real, film, "edited_by") == {"dbr:Robert_Dalva"}
    assert tails(real, "dbr:Stealing_Beauty", "music_by") == {"dbr:Richard_Hartley"}
    assert tails(real, "dbr:Anne_Frank_Remembered", "music_by") == {"dbr:Carl_Davis"}  # dbo:composer
    entities = real.entities.set_index("id")
    assert entities.loc["dbr:Chris_Columbus_(filmmaker)", ["type", "label"]].tolist() == ["Person", "Chris Columbus"]
    assert entities.loc["dbr:Warner_Bros.", "type"] == "Company"
    assert entities.loc["dbr:Miramax", "type"] == "Company"  # once among producers, often among distributors


def test_every_edge_is_a_fact(real, folder):
    lines = sum(
        bool(line)
        for path in ADAPTER.recognise(folder)
        if path.suffix == ".edgelist"
        for line in path.read_text().splitlines()
    )
    facts = real.facts[real.facts["relation"] != "same_as"]
    assert len(facts) == lines - 2  # an address of another site; Colette, who may be a work or a person


def test_works_apart_from_their_authors(real):
    based_on, by = (real.facts[real.facts["relation"] == r] for r in ("based_on", "based_on_work_by"))
    assert (len(based_on), len(by)) == (99, 151)
    assert tails(real, "dbr:Misery_(film)", "based_on") == {"dbr:Misery_(novel)"}
    assert tails(real, "dbr:Scrooged", "based_on_work_by") == {"dbr:Charles_Dickens"}
    assert tails(real, "dbr:Cujo_(film)", "based_on") == {"dbr:Cujo"}
    assert tails(real, "dbr:Cujo_(film)", "based_on_work_by") == {"dbr:Stephen_King"}
    types = real.entities.set_index("id")["type"]
    assert set(types[by["tail"]]) == {"Person"}
    assert not {"Person", "Company"} & set(types[based_on["tail"]])


@pytest.mark.parametrize(
    ("film", "basis", "kind"),
    [
        ("Vanya_on_42nd_Street", "Uncle_Vanya", "work"),
        ("Vanya_on_42nd_Street", "Anton_Chekhov", "person"),
        ("Anna_Karenina_(1997_film)", "Anna_Karenina", "work"),
        ("Somewhere_in_Time_(film)", "Bid_Time_Return", "work"),
        ("Addams_Family_Values", "Charles_Addams", "person"),
        ("Addams_Family_Values", "The_Addams_Family", "work"),
        ("Die_Hard_2", "58_Minutes", "work"),
        ("Body_Snatchers_(1993_film)", "Jack_Finney", "person"),
        ("Candleshoe", "J._I._M._Stewart", "person"),
        ("Walkabout_(film)", "Donald_G._Payne", "person"),
        ("The_Falcon_and_the_Snowman", "Robert_Lindsey_(journalist)", "person"),
        ("Hercules_(1997_film)", "Greek_mythology", "work"),
        ("The_Great_Mouse_Detective", "Basil_of_Baker_Street", "work"),
        ("Jules_and_Jim", "Henri-Pierre_Roché", "person"),
        ("Gigi_(1958_film)", "Colette", "unknown"),
    ],
)
def test_a_name_tells_whether_it_is_a_work_or_a_person(film, basis, kind):
    assert kind_of_basis(f"dbr:{film}", f"dbr:{basis}", {"Anna", "Charles", "Jack"}) == kind


def test_a_film_is_not_taken_for_a_remake_or_sequel(real):
    mapped = real.facts[real.facts["tail"].str.startswith("dbr:") & real.facts["head"].str.startswith("movielens:")]
    same = dict(zip(mapped["head"], mapped["tail"], strict=True))
    assert same["movielens:2"] == "dbr:Jumanji"
    assert same["movielens:3596"] == "dbr:Screwed_(2000_film)"
    assert same["movielens:2635"] == "dbr:The_Mummy's_Curse"
    why = {
        json.loads(row)["title"]: reason
        for row, reason in zip(real.rejected["row"], real.rejected["reason"], strict=True)
        if "movieId" in row
    }
    assert why["Rear Window (1954)"] == "the resource is of 1998, the film of 1954"
    assert why["Terminator, The (1984)"] == "the names differ, so that it may be another film"
    assert why["Mask, The (1994)"] == "the names differ, so that it may be another film"
    assert len(same) + len(why) == 3301
    assert len(set(same.values())) == len(same)


def test_years_are_those_of_the_film(real):
    titles = real.titles.set_index("title")
    assert titles.loc["dbr:Jumanji", ["kind", "year"]].tolist() == ["film", 1995]
    assert titles.loc["dbr:Rear_Window_(1998_film)", "year"] == 1998


def test_addresses(real):
    assert resource_id("http://dbpedia.org/resource/Pink_Floyd_%25E2%2580%2593_The_Wall") == "dbr:Pink_Floyd_–_The_Wall"
    assert resource_id('http://dbpedia.org/resource/"Crocodile"_Dundee') == "dbr:%22Crocodile%22_Dundee"
    assert resource_id("http://www.7thart.com/") is None
    assert "imdbname:nm0390435" in set(real.facts["tail"])
    label = real.entities.set_index("id")["label"]["dbr:%22Crocodile%22_Dundee"]
    assert label == '"Crocodile" Dundee'
    assert tails(real, "dbr:Jumanji", "same_as") == {"wikipedia:Jumanji"}
