"""Tables by mapping files: the documented example as a new user runs it, every key, and what is said of mistakes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.errors import BadMapping
from ingest.mapping import read_mapping
from ingest.table import adapter_for
from ingest.template import Template
from kg.knowledge_graph import KnowledgeGraph

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "add-a-source.md"


def batch(folder: Path, mapping: str, table: str | pd.DataFrame, name: str = "films.csv"):
    """The batch that `table` makes by `mapping`."""
    if isinstance(table, str):
        (folder / name).write_text(table, encoding="utf-8")
    (folder / "films.mapping.toml").write_text(mapping, encoding="utf-8")
    adapter = adapter_for(folder / "films.mapping.toml")
    return adapter.read(adapter.recognise(folder))


def triples(made) -> set[tuple[str, str, str]]:
    return set(made.facts[["head", "relation", "tail"]].itertuples(index=False, name=None))


def reasons(made) -> dict[int, str]:
    return {} if made.rejected is None else dict(zip(made.rejected["line"], made.rejected["reason"], strict=True))


# -- the document


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "titlegraph", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_documented_example_works_as_written(tmp_path, monkeypatch):
    text = DOCUMENT.read_text(encoding="utf-8")
    example = text[text.index("## An example") : text.index("## Mapping files")]
    for step in re.finditer(
        r"`([\w./]+)`:\n\n```\w+\n(.*?)```|```console\n(.*?)```|```python\n(.*?)```", example, re.DOTALL
    ):
        name, content, console, python = step.groups()
        if name:
            (tmp_path / name).write_text(content, encoding="utf-8")
        elif console:
            for line in console.strip().splitlines():
                said = run(tmp_path, *line.split()[1:])
        else:
            monkeypatch.chdir(tmp_path)
            answers: dict = {}
            exec(python, answers)
    assert "very long" in said
    assert "cartoon" in said
    assert set(zip(answers["settings"]["head"], answers["settings"]["tail"], strict=True)) == {
        ("imdb:tt0076759", "place:tatooine"),
        ("imdb:tt0076759", "place:death-star"),
        ("imdb:tt0070047", "place:washington"),
        ("imdb:tt0070047", "place:northern-iraq"),
        ("imdb:tt0108778", "place:new-york"),
    }
    assert answers["settings"]["weight"].min() == pytest.approx(0.9)
    assert answers["places"].to_numpy().tolist() == [
        ["Friends", "New York"],
        ["Star Wars", "Death Star"],
        ["Star Wars", "Tatooine"],
        ["The Exorcist", "Northern Iraq"],
        ["The Exorcist", "Washington"],
    ]
    titles = answers["kg"].titles().set_index("label")
    assert titles.loc["Star Wars", "kind"] == "film"
    assert titles.loc["Friends", "kind"] == "series"
    assert str(titles.loc["The Exorcist", "launch"])[:10] == "1973-12-26"
    table = tmp_path / "settings.csv"
    table.write_text(table.read_text().replace("very long", "194").replace("cartoon", "movie"), encoding="utf-8")
    run(tmp_path, "ingest", "workspace", "settings.csv")
    kg = KnowledgeGraph.open(tmp_path / "workspace")
    assert set(kg.titles()["label"]) == {"Star Wars", "The Exorcist", "Friends", "Titanic", "Spirited Away"}


def test_the_documented_adapter_reads(tmp_path):
    text = DOCUMENT.read_text(encoding="utf-8")
    code = re.search(r"```python\n(from pathlib.*?)```", text, re.DOTALL)
    names: dict = {}
    exec(code[1], names)
    (tmp_path / "studio-1.txt").write_text("imdb:tt1 > follows > imdb:tt2\n")
    made = names["ADAPTER"].read(names["ADAPTER"].recognise(tmp_path))
    assert made.facts[["head", "relation", "tail", "line"]].to_numpy().tolist() == [
        ["imdb:tt1", "follows", "imdb:tt2", 1]
    ]


# -- what the keys mean

SUBJECT = '[subject]\nid = "imdb:{id}"\n'


def test_the_source_is_called_after_the_table_unless_it_says_otherwise(tmp_path):
    assert batch(tmp_path, SUBJECT, "id\ntt1\n").source == "films"
    assert batch(tmp_path, 'source = "studio"\n' + SUBJECT, "id\ntt1\n").source == "studio"


def test_values_of_a_cell_become_facts_and_named_entities(tmp_path):
    mapping = SUBJECT + '[relations]\nstoryline = { column = "themes", id = "tag:{:slug}", type = "Storyline" }'
    made = batch(tmp_path, mapping, "id,themes\ntt1,Moral Dilemmas| revenge ||\ntt2,\ntt3,Revenge\n")
    assert triples(made) == {
        ("imdb:tt1", "storyline", "tag:moral-dilemmas"),
        ("imdb:tt1", "storyline", "tag:revenge"),
        ("imdb:tt3", "storyline", "tag:revenge"),
    }
    entities = made.entities.set_index("id")
    assert entities["label"].to_dict() == {"tag:moral-dilemmas": "Moral Dilemmas", "tag:revenge": "revenge"}
    assert set(entities["type"]) == {"Storyline"}
    assert set(made.facts["file"]) == {"films.csv"}
    assert made.facts["line"].tolist() == [2, 2, 4]


def test_tails_may_be_identifiers_names_with_labels_or_made_from_the_row(tmp_path):
    mapping = (
        SUBJECT
        + """
        [relations]
        follows = { column = "before" }
        [relations.directed_by]
        column = "director_ids"
        label = "directors"
        id = "imdbname:{}"
        type = "Person"
        separator = ";"
        [[relations.based_on]]
        id = "book:{book:slug}/{author:slug}"
        label = "book"
        type = "Book"
        [[relations.based_on]]
        column = "goodreads"
        id = "goodreads:{}"
    """
    )
    text = (
        "id,before,director_ids,directors,book,author,goodreads\n"
        "tt2,imdb:tt1,nm1;nm2,Ann A;Bob B,The Book,C. D.,12\ntt3,,nm1,Ann A;Bob B,,,\n"
    )
    made = batch(tmp_path, mapping, text)
    assert triples(made) == {
        ("imdb:tt2", "follows", "imdb:tt1"),
        ("imdb:tt2", "directed_by", "imdbname:nm1"),
        ("imdb:tt2", "directed_by", "imdbname:nm2"),
        ("imdb:tt2", "based_on", "book:the-book/c-d"),
        ("imdb:tt2", "based_on", "goodreads:12"),
    }
    assert made.entities.set_index("id")["label"].to_dict() == {
        "imdbname:nm1": "Ann A",
        "imdbname:nm2": "Bob B",
        "book:the-book/c-d": "The Book",
    }
    assert reasons(made) == {3: "director_ids and directors do not hold the same number of values"}


def test_subjects_have_types_labels_other_labels_and_other_identifiers(tmp_path):
    mapping = """
        [subject]
        id = "imdb:tt{number:07}"
        type = "Film"
        label = "title"
        other_labels = "also"
        same_as = ["tmdb:{tmdb}", "wd:{wikidata}"]
    """
    made = batch(tmp_path, mapping, "number,title,also,tmdb,wikidata\n78788,Apocalypse  Now,A|B,28,\n")
    entity = made.entities.iloc[0]
    assert (entity["id"], entity["type"], entity["label"], entity["other_labels"]) == (
        "imdb:tt0078788",
        "Film",
        "Apocalypse Now",
        ["A", "B"],
    )
    assert triples(made) == {("imdb:tt0078788", "same_as", "tmdb:28")}
    assert made.titles[["title", "kind"]].to_numpy().tolist() == [["imdb:tt0078788", "film"]]


def test_attributes_are_numbers_dates_and_codes(tmp_path):
    mapping = (
        SUBJECT
        + """
        [attributes]
        kind = { column = "type", values = { MOVIE = "film", SHOW = "series" } }
        year = "year"
        launch = { column = "date", format = "%B %d, %Y" }
        runtime = "minutes"
        countries = "countries"
        languages = { value = "French" }
        summary = "plot"
    """
    )
    made = batch(
        tmp_path,
        mapping,
        "id,type,year,date,minutes,countries,plot\n"
        'tt1,MOVIE,1960.0,"March 16, 1960",90.5,France|West Germany|Narnia,"A, b."\n',
    )
    row = made.titles.iloc[0]
    assert (row["kind"], row["year"], row["runtime"], row["summary"]) == ("film", 1960, 90.5, "A, b.")
    assert row["launch"] == pd.Timestamp("1960-03-16")
    assert row["countries"] == ["FR", "DE"]
    assert row["languages"] == ["fr"]
    assert reasons(made) == {2: "no country is called Narnia"}


def test_audiences_and_viewings(tmp_path):
    mapping = (
        SUBJECT
        + """
        [audience]
        country = "where"
        size = "tickets"
        unit = { value = "tickets" }
        period_start = "week"
        simulated = { value = false }
        [viewings]
        viewer = "studio/{who}"
        weight = "stars"
        time = "week"
    """
    )
    made = batch(
        tmp_path,
        mapping,
        "id,where,tickets,week,who,stars\ntt1,Spain,1200,2021-07-04,7,4.5\ntt1,Atlantis,1,2021-07-04,7,1\ntt1,ES,many,2021-07-04,8,1\n",
    )
    assert made.audience[["title", "country", "size", "unit"]].to_numpy().tolist() == [
        ["imdb:tt1", "ES", 1200.0, "tickets"]
    ]
    assert made.viewings[["viewer", "title", "weight"]].to_numpy().tolist() == [["studio/7", "imdb:tt1", 4.5]]
    assert reasons(made) == {3: "no country is called Atlantis", 4: "tickets many is not a number"}


def test_rows_can_be_chosen_and_cells_declared_missing(tmp_path):
    mapping = 'missing = ["n/a"]\n' + SUBJECT + '[where]\nstatus = ["out", "soon"]\n[attributes]\nyear = "year"'
    made = batch(tmp_path, mapping, "id,status,year\ntt1,out,n/a\ntt2,cancelled,oops\ntt3,soon,2024\n")
    assert dict(zip(made.titles["title"], made.titles["year"], strict=True)) == {"imdb:tt3": 2024}
    assert made.rejected is None


def test_rows_that_cannot_be_used_are_set_apart_whole(tmp_path):
    mapping = SUBJECT + '[attributes]\nyear = "year"\n[relations]\nfollows = { column = "before" }'
    made = batch(
        tmp_path, mapping, "id,year,before\ntt1,19x9,imdb:tt9\n,1999,imdb:tt9\ntt3,1999.5,imdb:tt9\ntt4,1999,imdb:tt3\n"
    )
    assert triples(made) == {("imdb:tt4", "follows", "imdb:tt3")}
    assert reasons(made) == {
        2: "year 19x9 is not a whole number",
        3: "it has no identifier: imdb:{id} can't be filled",
        4: "year 1999.5 is not a whole number",
    }
    assert made.rejected["row"].tolist()[0] == '{"id": "tt1", "year": "19x9", "before": "imdb:tt9"}'


def test_parquet_gives_the_same_as_text(tmp_path):
    mapping = (
        SUBJECT
        + """
        [attributes]
        year = "year"
        [relations]
        storyline = { column = "themes", id = "tag:{:slug}" }
        starring = { column = "cast", id = "person:x/{:slug}", weight = "share" }
    """
    )
    text = "id,year,themes,cast,share\ntt1,1999,war|love,Ann|Bob,0.5\ntt2,,,,\n"
    one = batch(tmp_path, mapping, text)
    (tmp_path / "films.csv").unlink()
    table = pa.table(
        {
            "id": ["tt1", "tt2"],
            "year": [1999, None],
            "themes": ["war|love", None],
            "cast": [["Ann", "Bob"], None],
            "share": [0.5, None],
        }
    )
    pq.write_table(table, tmp_path / "films.parquet")
    two = batch(tmp_path, mapping, pd.DataFrame())
    assert triples(one) == triples(two)
    assert one.facts["weight"].dropna().tolist() == two.facts["weight"].dropna().tolist() == [0.5, 0.5]
    assert one.titles["year"].tolist() == two.titles["year"].tolist() == [1999]
    assert two.facts["line"].unique().tolist() == [1]
    broken = (tmp_path / "films.parquet").read_bytes()[:-20]
    (tmp_path / "films.parquet").write_bytes(broken)
    assert "Parquet" in reasons(batch(tmp_path, mapping, pd.DataFrame()))[1]


def test_a_pattern_names_several_tables(tmp_path):
    (tmp_path / "a-1.tsv").write_text("id\ttitle\ntt1\tOne\n")
    (tmp_path / "a-2.tsv").write_text("id\ttitle\ntt2\tTwo\n")
    made = batch(tmp_path, 'table = "a-*.tsv"\n' + SUBJECT + 'label = "title"', pd.DataFrame())
    assert dict(zip(made.entities["label"], made.entities["file"], strict=True)) == {"One": "a-1.tsv", "Two": "a-2.tsv"}


def test_a_published_table_is_read_by_five_lines(tmp_path, shared_data):
    """The links of MovieLens, whose numbers lost their zeros, against pandas."""
    path = shared_data / "catalogue" / "movielens" / "links.csv"
    mapping = tmp_path / "links.mapping.toml"
    mapping.write_text('[subject]\nid = "movielens:{movieId}"\nsame_as = ["imdb:tt{imdbId:07}", "tmdb:{tmdbId}"]\n')
    adapter = adapter_for(mapping, [path])
    made = adapter.read(adapter.recognise(path.parent))
    links = pd.read_csv(path)
    expected = {
        (f"movielens:{m}", "same_as", f"imdb:tt{i:07d}") for m, i in zip(links["movieId"], links["imdbId"], strict=True)
    }
    known = links.dropna(subset=["tmdbId"])
    expected |= {
        (f"movielens:{m}", "same_as", f"tmdb:{int(t)}") for m, t in zip(known["movieId"], known["tmdbId"], strict=True)
    }
    assert triples(made) == expected
    assert made.rejected is None


# -- templates


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("imdb:tt{n:07}", "imdb:tt0000042"),
        ("title:{name:slug}-{n}", "title:la-dolce-vita-42"),
        ("country:{where:country}", "country:KR"),
        ("language:{tongue:language}", "language:fr"),
        ("{n}", "42"),
    ],
)
def test_templates(template, expected):
    frame = pd.DataFrame(
        {"n": ["42"], "name": ["La dolce vita"], "where": ["South Korea"], "tongue": ["French"]}, dtype="str"
    )
    assert Template.parse(template).fill(frame).tolist() == [expected]


def test_a_template_with_an_empty_cell_gives_nothing():
    frame = pd.DataFrame({"a": ["1", None], "b": [None, "Narnia"]}, dtype="str")
    assert Template.parse("x:{a}-{b:country}").fill(frame).isna().all()


# -- mistakes


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("id = ", ["TOML"]),
        ("", ["`subject`", "missing", "[subject]"]),
        ("[subject]\n", ["`subject.id`", "missing", 'id = "imdb:{imdb_id}"']),
        ('[subject]\nid = "imdb:tt1"', ["`subject.id`", "every row"]),
        ('[subject]\nid = "imdb:{id"', ["`subject.id`", "braces"]),
        ('[subject]\nid = "imdb:{id:upper}"', ["`subject.id`", "upper", "slug"]),
        ('[subject]\nid = "imdb:{}"', ["`subject.id`", "{column}"]),
        (SUBJECT + "lable = 'title'", ["`subject.lable`", "did you mean label?"]),
        (SUBJECT + "[atributes]\nyear = 'y'", ["`atributes`", "did you mean attributes?"]),
        (SUBJECT + "[attributes]\nyears = 'y'", ["`attributes.years`", "did you mean year?"]),
        (SUBJECT + "[attributes]\nyear = 1999", ["`attributes.year`", "1999"]),
        (SUBJECT + "[attributes]\nyear = { colum = 'y' }", ["`attributes.year.colum`", "did you mean column?"]),
        (SUBJECT + "[attributes]\nyear = { format = '%Y' }", ["`attributes.year`", "column"]),
        (SUBJECT + "[relations]\nstarring = { id = 'person:{:slug}' }", ["`relations.starring.id`", "column"]),
        (
            SUBJECT + "[relations]\nstarring = { column = 'cast', id = 'person:{cast:slug}' }",
            ["`relations.starring.id`", "{}"],
        ),
        (SUBJECT + "[relations]\nstarring = {}", ["`relations.starring.id`", "missing"]),
        (SUBJECT + "[relations]\nstarring = 'cast'", ["`relations.starring`", "table"]),
        (
            SUBJECT + "[relations.starring]\ncolumn = 'cast'\nweights = 'w'",
            ["`relations.starring.weights`", "did you mean weight?"],
        ),
        (SUBJECT + "[audience]\nsize = 'n'", ["`audience.country`", "missing"]),
        (SUBJECT + "[viewings]\nviewer = 'who'", ["`viewings.viewer`", "every row"]),
        ("separator = ';;'\n" + SUBJECT, ["`separator`", "one character"]),
        ("multiple = 3\n" + SUBJECT, ["`multiple`", "text"]),
    ],
)
def test_a_wrong_mapping_is_named_by_file_key_and_remedy(tmp_path, mapping, said):
    path = tmp_path / "films.mapping.toml"
    path.write_text(mapping)
    with pytest.raises(BadMapping) as error:
        read_mapping(path)
    for part in (str(path), *said):
        assert part in str(error.value)


def test_a_mapping_without_its_table_is_an_error(tmp_path):
    (tmp_path / "films.mapping.toml").write_text(SUBJECT)
    with pytest.raises(BadMapping, match=r"no table films\.\* beside it"):
        adapter_for(tmp_path / "films.mapping.toml").recognise(tmp_path)
