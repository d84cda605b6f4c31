"""What holds of every adapter in the house: whose files it takes, what it makes of empty ones, and all together."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from ingest import registry
from kg import KnowledgeGraph
from kg.schema import Schema
from kg.tables import PARTS

CATALOGUE = (
    "adaptations", "dbpedia", "goodbooks", "justwatch", "metaqa", "movielens", "netflix_pages", "netflix_titles",
    "netflix_top10", "tmdb",
)  # fmt: skip


@pytest.mark.parametrize("folder", CATALOGUE)
def test_a_folder_is_taken_by_its_own_adapter_alone(shared_data, folder):
    taken = {name: registry.adapter(name).recognise(shared_data / "catalogue" / folder) for name in CATALOGUE}
    assert {name for name, files in taken.items() if files} == {folder}
    assert all(path.is_file() for path in taken[folder])


def test_files_of_that_name_with_other_columns_are_not_taken(tmp_path):
    for name in (
        "movies.csv",
        "books.csv",
        "keywords.csv",
        "booksmovies.csv",
        "netflix_titles.csv",
        "original_titles.csv",
    ):
        (tmp_path / name).write_text("a,b,c\n1,2,3\n")
    assert not any(registry.adapter(name).recognise(tmp_path) for name in CATALOGUE)


@pytest.mark.parametrize("name", CATALOGUE)
def test_files_without_rows_bring_nothing(shared_data, tmp_path, name):
    headless = ("metaqa", "dbpedia")  # their first line is a fact
    for path in registry.adapter(name).recognise(shared_data / "catalogue" / name):
        with path.open("rb") as file:
            (tmp_path / path.name).write_bytes(file.readline())
    batch = registry.adapter(name).read(registry.adapter(name).recognise(tmp_path))
    rows = {part: len(frame) for part in PARTS if (frame := getattr(batch, part)) is not None}
    if name in headless:
        assert rows["facts"] <= 30
    else:
        assert not any(rows.values())


@pytest.mark.parametrize(
    ("name", "file", "column"),
    [
        ("movielens", "movies.csv", "genres"),
        ("movielens", "ratings.csv", "timestamp"),
        ("tmdb", "tmdb_5000_movies.csv", "overview"),
        ("netflix_top10", "all-weeks-countries.tsv", "show_title"),
        ("netflix_titles", "netflix_titles.csv", "listed_in"),
        ("netflix_pages", "netflix_pages.csv", "Tags"),
        ("justwatch", "original_titles.csv", "imdb_id"),
        ("adaptations", "booksmovies.csv", "FilmYear"),
        ("adaptations", "wiki_book_movie_ids_matching.csv", "imdbid"),
        ("goodbooks", "books.csv", "authors"),
        ("goodbooks", "book_tags.csv", "count"),
    ],
)
def test_a_missing_column_is_named(shared_data, tmp_path, name, file, column):
    adapter = registry.adapter(name)
    for path in adapter.recognise(shared_data / "catalogue" / name):
        lines = path.read_text(encoding="utf-8").splitlines()[:3]
        if path.name == file:
            lines = [lines[0].replace(column, "something_else")]
        (tmp_path / path.name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    rejected = adapter.read(adapter.recognise(tmp_path)).rejected
    of_file = rejected[rejected["file"] == file]
    assert of_file["line"].tolist() == [1]
    assert f"'{column}' is missing" in of_file["reason"].iloc[0]


@pytest.fixture(scope="module")
def whole(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    """The whole catalogue in one workspace, nothing resolved."""
    kg = KnowledgeGraph.create(tmp_path_factory.mktemp("sources") / "workspace")
    adapters = [adapter for adapter in registry.adapters() if adapter.name in CATALOGUE]
    batches = [a.read(a.recognise(shared_data / "catalogue" / a.name)) for a in adapters]
    kg.replace_all(batches, read_from={a.name: {} for a in adapters})
    return kg


@pytest.mark.slow
def test_together_they_contradict_each_other_in_few_places(whole):
    """What an adapter lets through, the graph takes, but for what two sources say of one identifier."""
    rejected = whole.dataset("rejected").to_table().to_pandas()
    clashes = rejected[
        rejected["reason"].str.contains("must be of one type|is already a|is not that of the entity|and should be a")
    ]
    assert len(clashes) < 60
    assert rejected.drop(clashes.index)["source"].value_counts().to_dict() == {
        "movielens": 2, "tmdb": 59, "justwatch": 1, "adaptations": 104, "dbpedia": 349, "goodbooks": 6,
        "netflix_pages": 885, "netflix_top10": 7, "metaqa": 689,
    }  # fmt: skip
    assert rejected[["source", "file", "reason", "row"]].notna().all(axis=None)


@pytest.mark.slow
def test_shared_ids_never_make_two_titles_one(whole):
    entities = whole.entities(raw=True)
    space = entities["id"].str.partition(":")[0]
    thing = entities["same_as"].fillna(entities["id"])
    for once in ("imdb", "dbr", "justwatch"):
        assert not thing[space == once].duplicated().any()


@pytest.mark.slow
def test_every_identifier_is_one_that_the_vocabulary_knows(whole):
    prefixes = set(whole.entities(raw=True)["id"].str.partition(":")[0])
    assert prefixes <= set(Schema.load().prefixes)
    labels = whole.entities(raw=True).set_index("id")["label"]
    assert labels.notna().all()
    assert (labels.str.strip() == labels).all()


@pytest.mark.slow
def test_films_of_movielens_with_a_keyword(whole):
    """8,682 have one by TMDB's id; two of them share their id, which so names neither."""
    heads = set(whole.facts(["storyline", "adaptation_hint"])["head"])
    titles = whole.titles(raw=True)
    in_tmdb = set(whole.canonical(pa.array(titles.loc[titles["source"] == "tmdb", "title"])).to_pylist())
    movielens = whole.canonical(pa.array(titles.loc[titles["source"] == "movielens", "title"])).to_pylist()
    assert sum(title in in_tmdb for title in movielens) == 8680 + 113  # 113 are described, without a keyword
    assert sum(title in heads for title in movielens) > 8400  # the others have notes on their production only


@pytest.mark.slow
def test_read_again_nothing_changes(whole, shared_data):
    version = whole.version
    for name in ("movielens", "justwatch", "adaptations", "netflix_top10"):
        adapter = registry.adapter(name)
        change = whole.replace(adapter.read(adapter.recognise(shared_data / "catalogue" / name)))
        assert not any(change.added.values())
        assert not any(change.retracted.values())
    assert whole.version == version
