"""Ingesting: what is found, what is read again, what changes, and that all of it lands or nothing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pandas as pd
import pytest

from ingest import registry
from ingest.adapter import Adapter
from ingest.errors import NothingRecognised, SourceClash, SourceNotFound, UnknownAdapter
from ingest.run import IngestSummary, ingest
from kg.errors import RowsRejected
from kg.knowledge_graph import KnowledgeGraph
from kg.tables import Batch

MAPPING = """
[subject]
id = "imdb:{id}"
type = "Film"
label = "title"
[attributes]
year = "year"
[relations]
storyline = { column = "themes", id = "tag:{:slug}", type = "Storyline" }
"""
TABLE = "id,title,year,themes\ntt1,Alien,1979,space|monster\ntt2,Brazil,1985,dystopia\n"


@pytest.fixture
def kg(tmp_path: Path) -> KnowledgeGraph:
    return KnowledgeGraph.create(tmp_path / "workspace")


@pytest.fixture
def films(tmp_path: Path) -> Path:
    folder = tmp_path / "studio"
    folder.mkdir()
    (folder / "films.csv").write_text(TABLE)
    (folder / "films.mapping.toml").write_text(MAPPING)
    return folder


def source(summary: IngestSummary, name: str = "films"):
    return next(s for s in summary.sources if s.name == name)


def storylines(kg: KnowledgeGraph) -> set[tuple[str, str]]:
    facts = kg.facts(relations=["storyline"])
    return set(zip(facts["head"], facts["tail"], strict=True))


# -- again, and changed


def test_the_same_files_again_change_nothing(kg, films):
    first = ingest(kg, [films])
    assert source(first).added["facts"] == 3
    version = kg.version
    again = ingest(kg, [films])
    assert again.nothing_new
    assert not source(again).read
    assert kg.version == version == again.version


def test_a_file_with_another_time_or_place_but_the_same_content_is_not_read_again(kg, films, tmp_path):
    ingest(kg, [films])
    os.utime(films / "films.csv", (1, 1))
    assert ingest(kg, [films]).nothing_new
    films.rename(tmp_path / "elsewhere")
    assert ingest(kg, [tmp_path / "elsewhere"]).nothing_new


def test_a_changed_file_adds_and_retracts_what_changed(kg, films):
    ingest(kg, [films])
    learnt = kg.facts(relations=["storyline"]).set_index("tail")["learnt_at"]
    (films / "films.csv").write_text("id,title,year,themes\ntt1,Alien,1980,space|survival\ntt3,Contact,1997,space\n")
    change = source(ingest(kg, [films]))
    assert (change.added["facts"], change.retracted["facts"], change.unchanged["facts"]) == (2, 2, 1)
    assert (change.added["titles"], change.changed["titles"], change.retracted["titles"]) == (1, 1, 1)
    assert storylines(kg) == {("imdb:tt1", "tag:space"), ("imdb:tt1", "tag:survival"), ("imdb:tt3", "tag:space")}
    assert kg.titles().set_index("id")["year"].to_dict() == {"imdb:tt1": 1980, "imdb:tt3": 1997}
    now = kg.facts(relations=["storyline"]).set_index(["head", "tail"])["learnt_at"]
    assert now["imdb:tt1", "tag:space"] == learnt["tag:space"]
    assert now["imdb:tt3", "tag:space"] > learnt["tag:space"]


@pytest.mark.parametrize("broken", ["", "id,title,year,themes\n", "nonsense\n"])
def test_a_source_that_comes_back_empty_takes_nothing_back(kg, films, broken):
    ingest(kg, [films])
    (films / "films.csv").write_text(broken)
    summary = ingest(kg, [films])
    assert ("imdb:tt1", "tag:monster") in storylines(kg)
    assert source(summary).rejected >= 1
    assert source(summary).retracted.get("facts", 0) == 0
    assert kg.rejected()["reason"].str.contains("came back empty").any()
    with pytest.raises(RowsRejected):
        ingest(kg, [films], strict=True)
    (films / "films.csv").write_text(TABLE)
    ingest(kg, [films])
    assert len(kg.rejected()) == 0
    assert ("imdb:tt1", "tag:monster") in storylines(kg)


def test_a_file_of_the_same_size_and_time_is_taken_to_be_the_same_and_a_changed_mapping_is_not(kg, films):
    ingest(kg, [films])
    (films / "films.mapping.toml").write_text(
        MAPPING.replace("storyline", "user_tag").replace("tag:{", "usertag:{").replace("Storyline", "UserTag")
    )
    change = source(ingest(kg, [films]))
    assert change.read
    assert storylines(kg) == set()
    assert len(kg.facts(relations=["user_tag"])) == 3


def test_other_sources_are_left_alone(kg, films):
    ingest(kg, [films])
    kg.add_facts(
        pd.DataFrame({"head": ["imdb:tt1"], "relation": ["storyline"], "tail": ["tag:robots"]}), source="researcher"
    )
    (films / "films.csv").write_text(TABLE.replace("space|monster", "space"))
    ingest(kg, [films])
    assert ("imdb:tt1", "tag:robots") in storylines(kg)
    assert ("imdb:tt1", "tag:monster") not in storylines(kg)


def test_a_new_relation_in_the_vocabulary_lets_earlier_rejections_in(kg, films):
    (films / "films.mapping.toml").write_text(MAPPING.replace("storyline", "haunts"))
    assert source(ingest(kg, [films])).rejected == 3
    kg.workspace.schema_file.write_text("""
        @prefix : <https://w3id.org/titlegraph/schema#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        :haunts a owl:ObjectProperty ; rdfs:domain :Work ; rdfs:range :Tag .
    """)
    kg = KnowledgeGraph.open(kg.workspace.path)
    change = source(ingest(kg, [films]))
    assert (change.read, change.rejected, change.added["facts"]) == (True, 0, 3)


def test_an_adapter_of_a_new_version_reads_again(kg, tmp_path):
    (tmp_path / "note.txt").write_text("imdb:tt1")

    def adapter(version: int, tail: str) -> Adapter:
        facts = pd.DataFrame({"head": ["imdb:tt1"], "relation": ["storyline"], "tail": [tail]})
        return Adapter(
            name="note",
            recognise=lambda folder: sorted(folder.glob("note.txt")),
            read=lambda _: Batch(source="note", facts=facts),
            version=version,
        )

    assert source(ingest(kg, [tmp_path / "note.txt"], adapters=[adapter(1, "tag:war")]), "note").read
    assert not source(ingest(kg, [tmp_path / "note.txt"], adapters=[adapter(1, "tag:peace")]), "note").read
    assert source(ingest(kg, [tmp_path / "note.txt"], adapters=[adapter(2, "tag:peace")]), "note").read
    assert storylines(kg) == {("imdb:tt1", "tag:peace")}


def killed(_: KnowledgeGraph) -> None:
    raise KeyboardInterrupt


def test_what_a_killed_ingest_left_unresolved_is_resolved_by_the_next(kg, films, monkeypatch):
    (films / "films.csv").write_text("id,title,year,themes\ntt1,Alien,1979,Heist\n")
    (films / "list.mapping.toml").write_text(MAPPING.replace("imdb:", "justwatch:").replace("tag:", "usertag:"))
    (films / "list.csv").write_text("id,title,year,themes\ntm1,Alien,1979,heist\n")
    with monkeypatch.context() as patch:
        patch.setattr("ingest.run.resolve", killed)
        with pytest.raises(KeyboardInterrupt):
            ingest(kg, [films])
    assert kg.latest().facts(relations=["same_as"]).empty
    assert ingest(kg, [films]).nothing_new
    merged = kg.facts(relations=["same_as"])
    assert ("imdb:tt1", "justwatch:tm1") in set(zip(merged["head"], merged["tail"], strict=True))
    assert len(kg.titles()) == 1
    assert ingest(kg, [films]).resolution is None


# -- finding


def test_nothing_there_and_nothing_known_are_errors_that_say_so(kg, tmp_path):
    with pytest.raises(SourceNotFound, match="no-such-folder"):
        ingest(kg, [tmp_path / "no-such-folder"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(NothingRecognised, match=r"movielens.*mapping"):
        ingest(kg, [tmp_path / "empty"])
    with pytest.raises(UnknownAdapter, match="'imdbb'"):
        registry.adapter("imdbb")


def test_tables_that_nobody_knows_are_listed_and_hidden_folders_left_out(kg, films):
    (films / "other.csv").write_text("a,b\n1,2\n")
    (films / "notes.md").write_text("nothing")
    (films / ".git").mkdir()
    (films / ".git" / "films.csv").write_text("x")
    assert ingest(kg, [films]).ignored == (films / "other.csv",)


def test_a_file_is_enough_to_find_its_source(kg, films):
    (films / "other.csv").write_text("a,b\n1,2\n")
    assert [s.name for s in ingest(kg, [films / "films.csv"]).sources] == ["films"]
    with pytest.raises(NothingRecognised):
        ingest(kg, [films / "other.csv"])


def test_a_mapping_can_be_given_for_tables_elsewhere(kg, films, tmp_path):
    table = tmp_path / "elsewhere.csv"
    table.write_text(TABLE)
    ingest(kg, [table], mapping=films / "films.mapping.toml")
    assert len(storylines(kg)) == 3


def test_one_source_in_several_folders_is_read_whole(kg, films, tmp_path):
    second = tmp_path / "more"
    second.mkdir()
    (second / "films.mapping.toml").write_text(MAPPING)
    (second / "films.csv").write_text("id,title,year,themes\ntt3,Contact,1997,space\n")
    summary = ingest(kg, [films, second])
    assert source(summary).added["facts"] == 4
    assert ingest(kg, [second, films]).nothing_new


def test_the_order_of_the_arguments_does_not_matter(films, tmp_path):
    other = tmp_path / "b"
    other.mkdir()
    (other / "series.mapping.toml").write_text(MAPPING.replace("Film", "Series"))
    (other / "series.csv").write_text("id,title,year,themes\ntt9,Dark,2017,time travel\n")
    rows = []
    for i, paths in enumerate([[films, other], [other, films]]):
        kg = KnowledgeGraph.create(tmp_path / f"w{i}")
        ingest(kg, paths)
        rows.append(kg.entities()[["id", "row", "type", "label"]])
    pd.testing.assert_frame_equal(*rows)


def test_adapters_of_other_distributions_are_known_by_their_entry_point(kg, tmp_path, monkeypatch):
    site = tmp_path / "site"
    (site / "studio-1.0.dist-info").mkdir(parents=True)
    (site / "studio-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: studio\nVersion: 1.0\n")
    (site / "studio-1.0.dist-info" / "entry_points.txt").write_text(
        "[titlegraph.adapters]\nstudio = studio_adapter:ADAPTER\n"
    )
    (site / "studio_adapter.py").write_text(
        "import pandas as pd\nfrom ingest import Adapter\nfrom titlegraph import Batch\n"
        "facts = pd.DataFrame({'head': ['imdb:tt1'], 'relation': ['storyline'], 'tail': ['tag:war']})\n"
        "batch = Batch(source='studio', facts=facts)\n"
        "ADAPTER = Adapter(name='studio', recognise=lambda f: sorted(f.glob('*.studio')), read=lambda _: batch)\n"
    )
    (tmp_path / "x.studio").write_text("")
    monkeypatch.syspath_prepend(site)
    registry.adapters.cache_clear()
    try:
        assert [s.name for s in ingest(kg, [tmp_path / "x.studio"]).sources] == ["studio"]
    finally:
        registry.adapters.cache_clear()
        sys.modules.pop("studio_adapter")
    assert storylines(kg) == {("imdb:tt1", "tag:war")}


# -- landing


def test_strict_lands_nothing_of_any_source(kg, films, tmp_path):
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "zeta.mapping.toml").write_text(MAPPING)
    (bad / "zeta.csv").write_text("id,title,year,themes\ntt3,Contact,soon,space\n")
    with pytest.raises(RowsRejected, match=r"zeta.*line 2.*year soon is not a whole number"):
        ingest(kg, [films, bad], strict=True)
    assert kg.version == 0
    assert kg.latest().facts().empty
    assert kg.latest().rejected().empty
    (bad / "zeta.csv").write_text("id,title,year,themes\ntt3,Contact,1997,space\n")
    ingest(kg, [films, bad], strict=True)
    assert len(storylines(kg)) == 4


def test_progress_ends_where_it_said_it_would(kg, films):
    said: list[tuple[str, int, int]] = []
    ingest(kg, [films], progress=lambda *step: said.append(step))
    assert "reading films" in [what for what, _, _ in said]
    assert said[-1][1] == said[-1][2]
    assert [done for _, done, _ in said] == sorted(done for _, done, _ in said)


def test_the_summary_has_a_row_for_each_source(kg, films):
    (films / "films.csv").write_text(TABLE + "tt3,Contact,soon,\n")
    frame = ingest(kg, [films]).to_frame()
    row = frame.iloc[0]
    told = row[["source", "files", "read", "facts_added", "titles_added", "rejected"]].tolist()
    assert told == ["films", 2, True, 3, 2, 1]


def test_where_sources_contradict_each_other_the_one_that_came_first_counts(kg, films, tmp_path):
    ingest(kg, [films])
    other = tmp_path / "b"
    other.mkdir()
    (other / "archive.mapping.toml").write_text(MAPPING)
    (other / "archive.csv").write_text("id,title,year,themes\ntt1,Alien,1902,\ntt5,Dune,1984,\n")
    ingest(kg, [other])
    for seen in (kg, KnowledgeGraph.open(kg.workspace.path)):
        assert seen.titles().set_index("label")["year"].to_dict() == {"Alien": 1979, "Brazil": 1985, "Dune": 1984}


# -- RDF

OURS = "https://w3id.org/titlegraph"
QUADS = f"""<https://www.imdb.com/title/tt1> <{OURS}/schema#storyline> <{OURS}/tag/war> .
<https://www.imdb.com/title/tt1> <{OURS}/schema#storyline> <{OURS}/tag/love> <{OURS}/source/other> .
<https://www.imdb.com/title/tt1> <https://example.org/unknown> <https://example.org/thing> .
"""


def test_rdf_files_are_sources_and_so_are_their_graphs(kg, tmp_path):
    file = tmp_path / "some.nq"
    file.write_text(QUADS)
    summary = source(ingest(kg, [file]), "some.nq")
    assert (summary.added["facts"], summary.rejected) == (2, 1)
    assert set(kg.facts()["source"]) == {"some.nq", "other"}
    assert kg.rejected()["line"].tolist() == [3]
    assert ingest(kg, [file]).nothing_new


def test_a_graph_that_is_gone_from_its_file_is_taken_back(kg, tmp_path):
    file = tmp_path / "some.nq"
    file.write_text(QUADS)
    ingest(kg, [file])
    file.write_text(QUADS.splitlines()[0] + "\n")
    assert source(ingest(kg, [file]), "some.nq").retracted["facts"] == 1
    assert storylines(kg) == {("imdb:tt1", "tag:war")}


def test_two_files_that_speak_for_one_graph_are_an_error(kg, tmp_path):
    for name in ("a.nq", "b.nq"):
        (tmp_path / name).write_text(QUADS)
    with pytest.raises(SourceClash, match="'other'"):
        ingest(kg, [tmp_path])
    assert kg.facts().empty


# -- the reference data


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_whole_catalogue_is_recognised_and_read_once(kg, shared_data):
    catalogue = shared_data / "catalogue"
    summary = ingest(kg, [catalogue])
    in_order = [module.rpartition(".")[2] for module in registry.BUILT_IN if module.startswith("ingest.sources.")]
    assert [s.name for s in summary.sources] == in_order
    assert {file for s in summary.sources for file in s.files} >= {
        p for p in catalogue.rglob("*") if p.suffix in (".csv", ".tsv")
    }
    assert summary.ignored == ()
    assert len(kg.viewings()) == 100_836
    version = kg.version
    assert ingest(kg, [catalogue]).nothing_new
    assert kg.version == version
