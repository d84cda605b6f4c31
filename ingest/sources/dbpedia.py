"""DBpedia: who made and played in the films of MovieLens-1M, and what those are based on.

A file of edges for each property, `subject object` on a line, and `MappingMovielens2DBpedia-1.2.tsv` from MovieLens to
DBpedia. The mapping was made by search and names many a remake or sequel: it is believed where names and years agree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from pathlib import Path
from urllib.parse import unquote

import pandas as pd

from ingest.adapter import Adapter
from ingest.building import BatchBuilder
from ingest.names import clean_label, each, fold, split_titles, split_year
from ingest.reading import read_table, reject
from ingest.sources.common import aliases, plain_iri, wikipedia_id
from kg.tables import Batch

_RESOURCE = "http://dbpedia.org/resource/"
_MAPPING = "MappingMovielens2DBpedia-*.tsv"
#: Our relation for each property, and what its objects are.
_PROPERTIES = {
    "starring": ("starring", "Person"),
    "director": ("directed_by", "Person"),
    "writer": ("written_by", "Person"),
    "producer": ("produced_by", "Person"),
    "musicComposer": ("music_by", "Person"),
    "composer": ("music_by", "Person"),
    "cinematography": ("photographed_by", "Person"),
    "editing": ("edited_by", "Person"),
    "narrator": ("narrated_by", "Person"),
    "distributor": ("distributed_by", "Company"),
    "previousWork": ("follows", "Work"),
    "subsequentWork": ("followed_by", "Work"),
    "basedOn": ("based_on", "Work"),
}
_QUALIFIER = re.compile(r"_\(([^()]*)\)$")
_OF_A_PERSON = re.compile(
    r"writer|author|novelist|director|journalist|filmmaker|cartoonist|artist|poet|playwright|musician|actor"
)
_FUNCTION_WORDS = {
    "the",
    "a",
    "an",
    "of",
    "and",
    "in",
    "on",
    "to",
    "for",
    "from",
    "with",
    "by",
    "it",
    "is",
    "la",
    "le",
    "les",
    "die",
    "das",
}
_PARTICLES = {"de", "du", "van", "von", "der"}
_NAME_PART = re.compile(r"[^\W\d_][\w'’.-]*")
_NUMBERS = {
    "i": "1",
    "ii": "2",
    "iii": "3",
    "iv": "4",
    "v": "5",
    "vi": "6",
    "vii": "7",
    "viii": "8",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "sixth": "6th",
    "twelve": "12",
}


def _recognise(folder: Path) -> list[Path]:
    edges = [path for name in _PROPERTIES if (path := folder / f"dbo_{name}.edgelist").is_file()]
    return [*sorted(folder.glob(_MAPPING)), *edges] if edges and all(_starts_well(path) for path in edges) else []


def _starts_well(path: Path) -> bool:
    with path.open("rb") as file:
        return file.readline(65536).startswith(_RESOURCE.encode())


def _read(files: Sequence[Path]) -> Batch:
    out = BatchBuilder("dbpedia")
    mapped = [_mapping(out, path) for path in files if path.suffix == ".tsv"]
    edges = {path.stem.removeprefix("dbo_"): _edges(out, path) for path in files if path.suffix == ".edgelist"}
    whole = pd.concat([rows.assign(property=name) for name, rows in edges.items()], ignore_index=True)
    works = pd.concat([*mapped, whole.rename(columns={"head": "id"})[["id", "line", "file"]]], ignore_index=True)
    works = works.drop_duplicates("id", ignore_index=True).reindex(columns=["id", "year", "line", "file"])
    others = _people_and_companies(whole[~whole["tail"].isin(works["id"])])
    out.add("entities", others)
    _works(out, works)
    for name, rows in edges.items():
        if name == "basedOn":
            _based_on(out, rows, works["id"], others)
        else:
            out.add("facts", rows.assign(relation=_PROPERTIES[name][0]))
    return out.batch()


def _people_and_companies(edges: pd.DataFrame) -> pd.DataFrame:
    """Entities from the objects of edges that are no work: each is what most of its edges say."""
    edges = edges.assign(id=edges["tail"], type=edges["property"].map(lambda name: _PROPERTIES[name][1]))
    edges = edges[edges["type"] != "Work"]
    edges["times"] = edges.groupby(["id", "type"])["line"].transform("size")
    edges = edges.sort_values("times", ascending=False, kind="stable").drop_duplicates("id")
    return edges.assign(label=each(edges["id"], label_of))[["id", "type", "label", "line", "file"]]


# -- resources


def resource_id(iri: str) -> str | None:
    """The identifier of a DBpedia resource or a person at IMDb; None for any other address.

    >>> resource_id("http://dbpedia.org/resource/Jumanji"), resource_id("http://www.imdb.com/name/nm0390435/bio")
    ('dbr:Jumanji', 'imdbname:nm0390435')
    """
    if iri.startswith(_RESOURCE):
        return f"dbr:{plain_iri(iri.removeprefix(_RESOURCE))}"
    found = re.match(r"https?://www\.imdb\.com/name/(nm\d+)", iri)
    return f"imdbname:{found[1]}" if found else None


def label_of(id: str) -> str:
    """The name in an identifier, without what tells it from namesakes.

    >>> label_of("dbr:Screwed_(2000_film)")
    'Screwed'
    """
    local = id.partition(":")[2]
    return clean_label(unquote(_QUALIFIER.sub("", local) or local).replace("_", " "))


def _edges(out: BatchBuilder, path: Path) -> pd.DataFrame:
    """The edges of a file as identifiers: head, tail, line, file."""
    table = read_table(path, required=("head", "tail"), header=("head", "tail"), separator=" ", quoted=False)
    rows = table.frame
    ids = rows.assign(head=each(rows["head"], resource_id), tail=each(rows["tail"], resource_id))
    bad = ids["head"].isna() | ids["tail"].isna()
    out.reject(table.rejected, reject(rows, bad, "it is neither a resource of DBpedia nor a person at IMDb", path))
    return ids[~bad].assign(file=path.name)


# -- films


def _mapping(out: BatchBuilder, path: Path) -> pd.DataFrame:
    """State which MovieLens film a resource is, where that can be believed; those resources: id, year, line, file."""
    columns = ("movieId", "title", "iri")
    table = read_table(path, required=columns, header=columns, separator="\t", quoted=False)
    rows = table.frame.dropna()
    rows = rows.assign(id=each(rows["iri"], resource_id), movielens="movielens:" + rows["movieId"])
    dated = [split_year(clean_label(title)) for title in rows["title"]]
    rows["year"] = pd.array([year for _, year in dated], dtype="Int64")
    doubts = [
        _doubt(name, year, id) if isinstance(id, str) else "it is not a resource of DBpedia"
        for (name, year), id in zip(dated, rows["id"], strict=True)
    ]
    doubt = pd.Series(doubts, index=rows.index)
    doubt = doubt.mask(
        (doubt == "") & rows["id"].where(doubt == "").duplicated(), "another film has this resource already"
    )
    out.reject(table.rejected, reject(rows, doubt != "", doubt, path, columns))
    good = rows[doubt == ""]
    out.add("facts", aliases(good, "movielens"), path)
    named = good.assign(type="Film", label=each(good["id"], label_of), file=path.name)
    out.add("entities", named[["movielens", "type", "label", "line", "file"]].rename(columns={"movielens": "id"}))
    return named[["id", "year", "line", "file"]]


def _doubt(name: str, year: int | None, id: str) -> str:
    """Why a film of that name and year is hardly the resource; "" where they agree."""
    stated = _year_of(id)
    if stated and year and abs(stated - year) > 1:
        return f"the resource is of {stated}, the film of {year}"
    if "TV" in id.partition("_(")[2]:
        return "the resource was made for television"
    main, others = split_titles(name)
    if _comparable(label_of(id)) in {_comparable(text) for text in (main, *others)} or (stated and stated == year):
        return ""
    return "the names differ, so that it may be another film"


def _year_of(id: str) -> int | None:
    qualifier = _QUALIFIER.search(id)
    found = re.search(r"\b(\d{4})_", qualifier[1] + "_") if qualifier else None
    return int(found[1]) if found else None


def _comparable(title: str) -> str:
    """A title without spaces and the choice of how to write a number; but "Mask" and "The Mask" are two films."""
    return "".join(_NUMBERS.get(word, word) for word in fold(title).split())


def _works(out: BatchBuilder, works: pd.DataFrame) -> None:
    """Describe the subjects of edges (id, line, file) and the mapped films, which have a year."""
    films = works["year"].notna()
    qualifier = works["id"].str.extract(_QUALIFIER, expand=False).fillna("")
    films |= qualifier.str.contains("film") & ~qualifier.str.contains("series|franchise|serial")
    works = works.assign(
        label=each(works["id"], label_of),
        year=each(works["id"], _year_of).astype("Int64").fillna(works["year"].astype("Int64")),
        kind=films.map({True: "film", False: None}),
        type=films.map({True: "Film", False: "Title"}),
    )
    out.add("entities", works[["id", "type", "label", "line", "file"]])
    out.add("titles", works[["id", "kind", "year", "line", "file"]].rename(columns={"id": "title"}))
    _pages(out, works)


def _pages(out: BatchBuilder, works: pd.DataFrame) -> None:
    """State the Wikipedia page of works (id, type, label, line, file): DBpedia names a resource after it."""
    works = works.assign(page=each(works["id"].str.removeprefix("dbr:"), wikipedia_id)).dropna(subset="page")
    out.add("facts", aliases(works, "id", "page").assign(file=works["file"]))
    out.add("entities", works[["page", "type", "label", "line", "file"]].rename(columns={"page": "id"}))


# -- what they are based on


def _based_on(out: BatchBuilder, rows: pd.DataFrame, works: pd.Series, others: pd.DataFrame) -> None:
    """`dbo:basedOn` has the work as well as its author for an object; each becomes a relation of its own."""
    people = set(others.loc[others["type"] == "Person", "id"])
    given_names = {label_of(person).partition(" ")[0] for person in people}
    kind = pd.Series(
        [
            "person" if tail in people else kind_of_basis(head, tail, given_names)
            for head, tail in zip(rows["head"], rows["tail"], strict=True)
        ],
        index=rows.index,
        dtype=object,
    )
    reason = "nothing tells whether it is a work or a person"
    out.reject(reject(rows, kind == "unknown", reason, Path("dbo_basedOn.edgelist"), ("head", "tail")))
    rows = rows.assign(id=rows["tail"], label=each(rows["tail"], label_of))
    for what, type, relation in (("person", "Person", "based_on_work_by"), ("work", "Work", "based_on")):
        these = rows[kind == what].assign(type=type, relation=relation)
        out.add("facts", these[["head", "relation", "tail", "line", "file"]])
        new = these[~these["id"].isin([*works, *others["id"]])].drop_duplicates("id")
        out.add("entities", new[["id", "type", "label", "line", "file"]])
        if what == "work":
            _pages(out, new[new["id"].str.startswith("dbr:")])


def kind_of_basis(film: str, basis: str, given_names: Set[str]) -> str:
    """Whether what a film is based on is a "work" or a "person"; "unknown" for a single name that says neither.

    The name decides: a qualifier names a trade or a sort of work; works share words with the name of the film, or have
    words that no person's name has. A person who shares a word with the film is known by a given name.

    >>> kind_of_basis("dbr:Cujo_(film)", "dbr:Cujo", set()), kind_of_basis("dbr:Scrooged", "dbr:Charles_Dickens", set())
    ('work', 'person')
    >>> kind_of_basis("dbr:Addams_Family_Values", "dbr:Charles_Addams", {"Charles"})
    'person'
    """
    if basis.startswith("imdbname:"):
        return "person"
    if qualifier := _QUALIFIER.search(basis):
        return "person" if _OF_A_PERSON.search(qualifier[1]) else "work"
    words = label_of(basis).split()
    shared = set(fold(" ".join(words)).split()) & set(fold(label_of(film)).split()) - _FUNCTION_WORDS
    if shared and (words[0] not in given_names or len(shared) == len(words)):
        return "work"
    if len(words) == 1:
        return "unknown"
    like_a_name = all(_NAME_PART.fullmatch(w) and (w[0].isupper() or w in _PARTICLES) for w in words)
    return "person" if like_a_name and len(words) <= 4 and not {w.lower() for w in words} & _FUNCTION_WORDS else "work"


ADAPTER = Adapter(name="dbpedia", recognise=_recognise, read=_read)
