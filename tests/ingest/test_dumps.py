"""The large dumps, on small files in their formats."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from ingest.dumps import imdb, openlibrary, wikidata
from ingest.errors import BadMapping
from kg import KnowledgeGraph
from kg.tables import Batch
from tests.ingest import dumps


def facts(batch: Batch) -> set[tuple[str, str, str]]:
    assert isinstance(batch.facts, pd.DataFrame)
    return set(batch.facts[["head", "relation", "tail"]].itertuples(index=False, name=None))


def described(batch: Batch, id: str) -> dict[str, object]:
    assert isinstance(batch.entities, pd.DataFrame)
    (row,) = batch.entities[batch.entities["id"] == id].to_dict("records")
    return {str(k): v for k, v in row.items()}


def title(batch: Batch, id: str) -> dict[str, object]:
    assert isinstance(batch.titles, pd.DataFrame)
    (row,) = batch.titles[batch.titles["title"] == id].to_dict("records")
    return {str(k): v for k, v in row.items()}


def heads(batch: Batch) -> set[str]:
    return {head for head, _, _ in facts(batch)}


def read_imdb(folder: Path) -> Batch:
    batch = imdb.ADAPTER.read(imdb.ADAPTER.recognise(folder))
    assert isinstance(batch, Batch)
    return batch


def read_openlibrary(folder: Path) -> Batch:
    batch = openlibrary.ADAPTER.read(openlibrary.ADAPTER.recognise(folder))
    assert isinstance(batch, Batch)
    return batch


def read_wikidata(folder: Path) -> Batch:
    batch = wikidata.ADAPTER.read(wikidata.ADAPTER.recognise(folder))
    assert isinstance(batch, Batch)
    return batch


@pytest.mark.parametrize("adapter", [imdb.ADAPTER, openlibrary.ADAPTER, wikidata.ADAPTER])
def test_nothing_is_recognised_in_other_folders(adapter: object, tmp_path: Path) -> None:
    (tmp_path / "title.ratings.tsv").write_text("tconst\taverageRating\tnumVotes\n")
    (tmp_path / "books.nt").write_text("")
    (tmp_path / "titles.json").write_text("[]")
    assert list(adapter.recognise(tmp_path)) == []  # type: ignore[attr-defined]


# -- IMDb


def test_imdb_titles_with_crew_cast_and_names(tmp_path: Path) -> None:
    batch = read_imdb(dumps.imdb(tmp_path))
    film = "imdb:tt0078788"
    assert {
        (film, "directed_by", "imdbname:nm0000338"),
        (film, "written_by", "imdbname:nm0587518"),
        (film, "starring", "imdbname:nm0000640"),
        (film, "photographed_by", "imdbname:nm0005886"),
        (film, "music_by", "imdbname:nm0172806"),
        (film, "has_genre", "genre:war"),
        ("imdb:tt0315733", "starring", "imdbname:nm0915208"),
        ("imdb:tt0083658", "has_genre", "genre:science-fiction"),
    } <= facts(batch)
    assert described(batch, film)["other_labels"] == ["Apocalypse Now Redux"]
    assert described(batch, "imdb:tt0245429")["other_labels"] == ["Sen to Chihiro no kamikakushi"]
    assert described(batch, "imdb:tt5753856")["type"] == "Series"
    assert described(batch, "imdbname:nm0000640")["label"] == "Martin Sheen"
    assert (title(batch, film)["year"], title(batch, film)["runtime"], title(batch, film)["kind"]) == (
        1979,
        147.0,
        "film",
    )
    assert batch.rejected is None


def test_imdb_keeps_films_and_series_with_enough_votes_and_their_people(tmp_path: Path) -> None:
    batch = read_imdb(dumps.imdb(tmp_path))
    assert isinstance(batch.titles, pd.DataFrame)
    assert set(batch.titles["title"]) == {
        "imdb:tt0078788", "imdb:tt0315733", "imdb:tt0083658", "imdb:tt1856101", "imdb:tt0245429", "imdb:tt5753856",
    }  # fmt: skip
    assert isinstance(batch.entities, pd.DataFrame)
    assert "imdbname:nm0000001" not in set(batch.entities["id"])  # Fred Astaire is in none of them
    assert not any("nm0085156" in tail for _, _, tail in facts(batch))


def test_a_users_own_list_and_settings(tmp_path: Path) -> None:
    dumps.imdb(tmp_path)
    (tmp_path / "keep.txt").write_text("imdb:tt0000009\nimdb:tt0000001\nnonsense\n")
    (tmp_path / "imdb.dump.toml").write_text('votes = 800_000\nregions = ["ES", "JP"]\n')
    batch = read_imdb(tmp_path)
    assert isinstance(batch.titles, pd.DataFrame)
    assert set(batch.titles["title"]) == {"imdb:tt0083658", "imdb:tt0245429", "imdb:tt0000009"}  # a short is no film
    assert described(batch, "imdb:tt0245429")["other_labels"] == ["Sen to Chihiro no kamikakushi", "千と千尋の神隠し"]
    assert ("imdb:tt0000009", "directed_by", "imdbname:nm0085156") in facts(batch)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("vots = 3\n", "`vots` is not known"),
        ("votes = 'many'\n", "`votes` should be like 1000"),
        ("votes =", "no TOML"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, text: str, why: str) -> None:
    dumps.imdb(tmp_path)
    (tmp_path / "imdb.dump.toml").write_text(text)
    with pytest.raises(BadMapping, match=why):
        read_imdb(tmp_path)


def test_imdb_without_ratings_keeps_every_film_and_series(tmp_path: Path) -> None:
    dumps.imdb(tmp_path)
    for name in ("title.ratings", "title.akas", "title.principals", "name.basics"):
        (tmp_path / f"{name}.tsv.gz").unlink()
    batch = read_imdb(tmp_path)
    assert "imdb:tt0000009" in heads(batch)
    assert not any(relation == "starring" for _, relation, _ in facts(batch))


def test_broken_rows_are_set_apart_and_the_rest_lands(tmp_path: Path) -> None:
    dumps.imdb(tmp_path)
    crew = gzip.decompress((tmp_path / "title.crew.tsv.gz").read_bytes())
    broken = b"tt0078788\tnm0000338\nbad\xff\tnm1\tnm2\n\n" + crew.split(b"\n", 1)[1]
    whole = gzip.compress(crew.split(b"\n", 1)[0] + b"\n" + broken)
    (tmp_path / "title.crew.tsv.gz").write_bytes(whole)
    names = (tmp_path / "name.basics.tsv.gz").read_bytes()
    (tmp_path / "name.basics.tsv.gz").write_bytes(names[: len(names) // 2])
    basics = gzip.decompress((tmp_path / "title.basics.tsv.gz").read_bytes()).replace(b"\t1979\t", b"\tMCMLXXIX\t")
    (tmp_path / "title.basics.tsv.gz").write_bytes(gzip.compress(basics))
    batch = read_imdb(tmp_path)
    assert isinstance(batch.rejected, pd.DataFrame)
    found = dict(zip(batch.rejected["line"], batch.rejected["reason"], strict=True))
    assert found[2] in ("2 cells where the header names 3", "startYear MCMLXXIX is not a whole number")
    reasons = " | ".join(batch.rejected["reason"])
    for why in ("2 cells where the header names 3", "not UTF-8 at byte 4", "truncated at line", "MCMLXXIX"):
        assert why in reasons
    lines = batch.rejected.set_index("reason")["line"]
    assert lines["not UTF-8 at byte 4"] == 3
    assert ("imdb:tt0315733", "directed_by", "imdbname:nm0327944") in facts(batch)


def test_a_table_without_its_columns_is_one_rejection(tmp_path: Path) -> None:
    dumps.imdb(tmp_path)
    dumps.write(tmp_path / "title.crew.tsv.gz", "tconst\tdirector\ntt0078788\tnm0000338\n")
    batch = read_imdb(tmp_path)
    assert isinstance(batch.rejected, pd.DataFrame)
    (reason,) = batch.rejected["reason"]
    assert "'directors' is missing" in reason


# -- Open Library


def test_open_library_keeps_what_is_much_printed(tmp_path: Path) -> None:
    batch = read_openlibrary(dumps.openlibrary(tmp_path))
    book, author = "openlibrary:OL39040W", "openlibraryauthor:OL31302A"
    assert heads(batch) == {
        book, "openlibrary:OL2172437W", author, "openlibraryauthor:OL274606A",
    }  # fmt: skip
    assert {
        (book, "written_by", author),
        (book, "same_as", "goodreads:4900"),
        (book, "shelf", "shelf:imperialism"),
        (author, "same_as", "wd:Q82925"),
        (author, "same_as", "imdbname:nm0175676"),
    } <= facts(batch)
    assert described(batch, author)["label"] == "Joseph Conrad"
    assert title(batch, book)["year"] == 1899
    assert title(batch, "openlibrary:OL2172437W")["year"] == 1968
    assert title(batch, book)["summary"] == "A voyage up the Congo River into the heart of Africa."


def test_subjects_that_give_an_adaptation_away_are_hints_and_notes_are_dropped(tmp_path: Path) -> None:
    batch = read_openlibrary(dumps.openlibrary(tmp_path))
    tags = {(relation, tail) for _, relation, tail in facts(batch) if tail.startswith(("shelf:", "hint:"))}
    assert ("shelf", "shelf:to-read") not in tags
    assert not any("movie" in tail and relation == "shelf" for relation, tail in tags)


def test_open_library_by_list_alone(tmp_path: Path) -> None:
    dumps.openlibrary(tmp_path, editions=3)
    batch = read_openlibrary(tmp_path)
    assert batch.titles is None
    assert isinstance(batch.rejected, pd.DataFrame)
    assert "nothing says which works are wanted" in batch.rejected["reason"].iloc[0]
    (tmp_path / "keep.txt").write_text("goodreads:7082 openlibrary:OL10000049W\n")
    batch = read_openlibrary(tmp_path)
    assert isinstance(batch.titles, pd.DataFrame)
    assert set(batch.titles["title"]) == {"openlibrary:OL2172437W", "openlibrary:OL10000049W"}
    (tmp_path / "ol_dump_editions_2024-01-31.txt.gz").unlink()
    batch = read_openlibrary(tmp_path)
    assert isinstance(batch.titles, pd.DataFrame)
    assert set(batch.titles["title"]) == {"openlibrary:OL10000049W"}


def test_a_record_that_is_no_json_is_set_apart(tmp_path: Path) -> None:
    dumps.openlibrary(tmp_path)
    path = tmp_path / "ol_dump_works_2024-01-31.txt.gz"
    text = gzip.decompress(path.read_bytes()).decode().replace('{"key": "/works/OL39040W"', '{"key" "/works/OL39040W"')
    dumps.write(path, text)
    batch = read_openlibrary(tmp_path)
    assert isinstance(batch.rejected, pd.DataFrame)
    assert batch.rejected[["file", "line"]].to_numpy().tolist() == [[path.name, 1]]
    assert ("openlibrary:OL2172437W", "same_as", "goodreads:7082") in facts(batch)


# -- Wikidata


@pytest.fixture(params=[".nt", ".nt.gz", ".nt.bz2", ".json.gz", ".json.bz2"])
def wikidata_dump(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The same items as N-Triples and as JSON, packed and not."""
    if request.param.startswith(".json"):
        dumps.write(tmp_path / f"latest-all{request.param}", dumps.wikidata_json())
    else:
        dumps.write(tmp_path / f"latest-truthy{request.param}", dumps.ntriples())
    return tmp_path


def test_wikidata_on_films_and_what_they_are_based_on(wikidata_dump: Path) -> None:
    batch = read_wikidata(wikidata_dump)
    film, book = "wd:Q182692", "wd:Q842337"
    assert {
        (film, "based_on", book),
        (book, "written_by", "wd:Q82925"),
        (film, "main_subject", "wd:Q8740"),
        (film, "takes_place_in", "wd:Q881"),
        (film, "directed_by", "wd:Q56094"),
        (film, "starring", "wd:Q34012"),
        (film, "produced_in", "country:US"),
        (film, "in_language", "language:en"),
        (film, "has_genre", "genre:war"),
        ("wd:Q184843", "has_genre", "genre:science-fiction"),
        ("wd:Q184843", "followed_by", "wd:Q21500755"),
        (film, "same_as", "imdb:tt0078788"),
        (film, "same_as", "tmdb:28"),
        (book, "same_as", "goodreads:4900"),
        (book, "same_as", "openlibrary:OL39040W"),
        ("wd:Q56094", "same_as", "imdbname:nm0000338"),
        ("wd:Q171091", "same_as", "openlibraryauthor:OL274606A"),
    } <= facts(batch)
    assert (film, "directed_by", "wd:somevalue") not in facts(batch)
    assert (described(batch, film)["type"], described(batch, film)["label"]) == ("Film", "Apocalypse Now")
    assert described(batch, "wd:Q155653")["other_labels"] == ["千と千尋の神隠し"]
    assert described(batch, "wd:Q8740")["type"] == "Topic"
    assert described(batch, "wd:Q65")["type"] == "Place"
    assert described(batch, "wd:Q82925")["label"] == "Joseph Conrad"
    assert batch.rejected is None


def test_wikidata_titles(wikidata_dump: Path) -> None:
    batch = read_wikidata(wikidata_dump)
    film = title(batch, "wd:Q182692")
    assert (film["kind"], film["year"], film["runtime"]) == ("film", 1979, 147.0)
    assert film["launch"] == pd.Timestamp("1979-05-10")
    assert (film["countries"], film["languages"]) == (["US"], ["en"])
    book = title(batch, "wd:Q842337")
    assert (book["kind"], book["year"]) == ("book", 1899)
    assert pd.isna(book["launch"])  # type: ignore[call-overload]
    assert pd.isna(title(batch, "wd:Q155653")["launch"])  # type: ignore[call-overload]
    assert title(batch, "wd:Q26225677")["kind"] == "series"
    assert title(batch, "wd:Q26225677")["year"] == 2017


def test_wikidata_keeps_works_that_others_number_and_what_those_name(wikidata_dump: Path) -> None:
    batch = read_wikidata(wikidata_dump)
    assert isinstance(batch.titles, pd.DataFrame)
    assert set(batch.titles["title"]) == {
        "wd:Q182692", "wd:Q842337", "wd:Q184843", "wd:Q21500755", "wd:Q605249", "wd:Q155653", "wd:Q26225677",
    }  # fmt: skip
    assert ("wd:Q605249", "written_by", "wd:Q171091") in facts(batch)  # a novel without a number of its own
    assert not {"wd:Q99999901", "wd:Q99999903"} & heads(batch)


def test_genres_that_give_an_adaptation_away_are_hints(wikidata_dump: Path) -> None:
    about = {(relation, tail) for head, relation, tail in facts(read_wikidata(wikidata_dump)) if head == "wd:Q182692"}
    assert ("adaptation_hint", "hint:film-based-on-literature") in about
    assert not any("based" in tail for relation, tail in about if relation == "has_genre")


def test_wikidata_by_list_alone(tmp_path: Path) -> None:
    dumps.wikidata(tmp_path)
    settings = Path(wikidata.__file__).with_name("wikidata.dump.toml").read_text()
    (tmp_path / "wikidata.dump.toml").write_text(settings.replace("only_listed = false", "only_listed = true"))
    (tmp_path / "keep.txt").write_text("imdb:tt0083658\nwd:Q155653\n")
    batch = read_wikidata(tmp_path)
    assert isinstance(batch.titles, pd.DataFrame)
    assert set(batch.titles["title"]) == {"wd:Q184843", "wd:Q605249", "wd:Q155653", "wd:Q21500755"}


def test_a_number_that_two_items_claim_merges_nothing(tmp_path: Path) -> None:
    twice = dumps.ntriples() + (
        '<http://www.wikidata.org/entity/Q99999901> <http://www.wikidata.org/prop/direct/P345> "tt0078788" .\n'
    )
    dumps.write(tmp_path / "wikidata.nt", twice)
    found = facts(read_wikidata(tmp_path))
    for item in ("wd:Q182692", "wd:Q99999901"):
        assert (item, "possibly_same_as", "imdb:tt0078788") in found
        assert (item, "same_as", "imdb:tt0078788") not in found
    assert ("wd:Q182692", "same_as", "tmdb:28") in found


def test_a_film_of_which_hardly_anything_is_known(tmp_path: Path) -> None:
    about = "<http://www.wikidata.org/entity/Q182692> <http://www.wikidata.org/prop/direct/"
    film = f"{about}P31> <http://www.wikidata.org/entity/Q11424> .\n"
    dumps.write(tmp_path / "wikidata.nt", film + f'{about}P345> "tt0078788" .\n')
    batch = read_wikidata(tmp_path)
    assert facts(batch) == {("wd:Q182692", "same_as", "imdb:tt0078788")}
    assert title(batch, "wd:Q182692")["kind"] == "film"
    assert KnowledgeGraph.create(tmp_path / "workspace").add(batch).rejected.empty
    dumps.write(tmp_path / "wikidata.nt", film)  # and nobody numbers it
    assert read_wikidata(tmp_path).facts is None


def test_a_truncated_dump_gives_what_came_before(tmp_path: Path) -> None:
    packed = gzip.compress(dumps.ntriples().encode())
    (tmp_path / "latest-truthy.nt.gz").write_bytes(packed[: len(packed) * 3 // 4])
    batch = read_wikidata(tmp_path)
    assert ("wd:Q182692", "same_as", "imdb:tt0078788") in facts(batch)
    assert isinstance(batch.rejected, pd.DataFrame)
    assert "truncated at line" in batch.rejected["reason"].iloc[-1]


def test_lines_that_are_not_ntriples_are_set_apart(tmp_path: Path) -> None:
    lines = dumps.ntriples().splitlines()
    lines[3:3] = ["<http://www.wikidata.org/entity/Q1> <http://www.wiki", "# a comment", ""]
    dumps.write(tmp_path / "wikidata.nt", "\n".join(lines))
    batch = read_wikidata(tmp_path)
    assert isinstance(batch.rejected, pd.DataFrame)
    assert batch.rejected["line"].tolist() == [4]
    assert ("wd:Q182692", "based_on", "wd:Q842337") in facts(batch)


# -- together


def test_the_dumps_join_each_other(tmp_path: Path) -> None:
    kg = KnowledgeGraph.create(tmp_path / "workspace")
    for batch in (
        read_imdb(dumps.imdb(tmp_path / "imdb")),
        read_wikidata(dumps.wikidata(tmp_path / "wikidata")),
        read_openlibrary(dumps.openlibrary(tmp_path / "openlibrary")),
    ):
        change = kg.replace(batch)
        assert change.rejected.empty, change.rejected["reason"].tolist()
    triples = set(kg.triples().itertuples(index=False, name=None))
    known = {(h, r, t) for h, r, t, _ in triples}
    assert ("imdb:tt0078788", "based_on", "wd:Q842337") in known
    assert ("imdb:tt0078788", "directed_by", "imdbname:nm0000338") in known
    assert ("wd:Q842337", "written_by", "imdbname:nm0175676") in known or (
        "wd:Q842337",
        "written_by",
        "wd:Q82925",
    ) in known
    assert ("wd:Q842337", "shelf", "shelf:imperialism") in known
    titles = kg.titles().set_index("id")
    assert titles.loc["imdb:tt0078788", "label"] == "Apocalypse Now"
    assert titles.loc["imdb:tt0078788", "countries"] == ["US"]
    again = kg.replace(read_wikidata(tmp_path / "wikidata"))
    assert again.nothing
