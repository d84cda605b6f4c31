"""MetaQA's movie knowledge base: triples of names, from WikiMovies, which drew on OMDb and MovieLens tags.

There are names and no ids, so that films of one name are one node. A node with release years that lie apart is several
films and set apart as a whole, for nothing says which fact is of which film. (Years next to each other are those of one
film in two countries.) What it says of IMDb's ratings and numbers of votes, in words such as "good", is left out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from ingest.adapter import Adapter
from ingest.building import BatchBuilder
from ingest.names import (
    clean_label,
    each,
    genre_id,
    is_production_note,
    language_code,
    language_id,
    language_label,
    person_id,
    slug,
    tag_id,
)
from ingest.reading import numbers, read_table, reject
from ingest.sources.common import genre_label, reasons, viewers_hint_id
from kg.tables import Batch

_FILE = "metaqa_kb_labelled.tsv"
_COLUMNS = ("head", "relation", "tail")
_PEOPLE = {"directed_by": "directed_by", "written_by": "written_by", "starred_actors": "starring"}
_RELATIONS = {*_PEOPLE, "release_year", "in_language", "has_genre", "has_tags"}
# Marks of a collector among the tags: on a disc, rated R, mine.
_NOT_TAGS = {"bd-r", "r", "own"}
_LEFT_OUT = {"has_imdb_rating", "has_imdb_votes"}


def _recognise(folder: Path) -> list[Path]:
    """The file has no header: its first line must be a triple with a known relation."""
    path = folder / _FILE
    if not path.is_file():
        return []
    with path.open("rb") as file:
        cells = file.readline(65536).decode("utf-8", errors="replace").rstrip("\r\n").split("\t")
    return [path] if len(cells) == 3 and cells[1] in _RELATIONS | _LEFT_OUT else []


def _read(files: Sequence[Path]) -> Batch:
    out = BatchBuilder("metaqa")
    for path in files:
        _triples(out, path)
    return out.batch()


def _triples(out: BatchBuilder, path: Path) -> None:
    table = read_table(path, required=_COLUMNS, separator="\t", header=_COLUMNS, quoted=False)
    rows = table.frame
    year, no_year = numbers(rows, "tail", integer=True)
    dated = rows["relation"] == "release_year"
    bad = reasons(
        rows,
        (rows[list(_COLUMNS)].isna().any(axis=1), "a name is missing"),
        (~rows["relation"].isin(_RELATIONS | _LEFT_OUT), rows["relation"].map("no relation is called {}".format)),
        (dated & (no_year | ~year.between(1870, 2100).fillna(False)), "the release year is not a year"),
    )
    out.reject(table.rejected, reject(rows, bad != "", bad, path))
    rows = rows.assign(year=year.where(dated))[(bad == "") & ~rows["relation"].isin(_LEFT_OUT)]

    if rows.empty:
        return
    films = _films(rows)
    out.reject(_mixed(films, path))
    films = films[films["clash"] == ""]
    rows = rows.assign(id=rows["head"].map(films["id"])).dropna(subset="id")
    films = films.assign(type="Film", kind="film", label=each(films.index.to_series(), clean_label)).reset_index(
        drop=True
    )
    out.add("entities", films[["id", "type", "label", "line"]], path)
    out.add("titles", films[["id", "kind", "year", "line"]].rename(columns={"id": "title"}), path)
    _facts(out, rows, path)


def _films(rows: pd.DataFrame) -> pd.DataFrame:
    """A row for each name: id, year, line, clash (why it is no single film, or "")."""
    by_name = rows.groupby("head", sort=False)
    films = by_name.agg(year=("year", "min"), last=("year", "max"), line=("line", "first"), facts=("line", "size"))
    years = (
        rows.dropna(subset="year").groupby("head")["year"].agg(lambda values: ", ".join(map(str, sorted(set(values)))))
    )
    apart = (films["last"] - films["year"] > 1).fillna(False).astype(bool)
    clash = films.index.to_series().map(years).map("several films of this name, released in {}".format)
    films["clash"] = clash.where(apart, "")
    # "Hush" and "Hush!" are two films: the year tells them apart, and where it doesn't, the first keeps the identifier.
    year = films["year"].astype("string")
    films["id"] = "metaqa:" + each(films.index.to_series(), slug).astype("string").str.cat(("-" + year).fillna(""))
    taken = films["id"].where(films["clash"] == "").duplicated() & (films["clash"] == "")
    films.loc[taken, "clash"] = "the identifier already stands for another spelling of this name"
    return films


def _mixed(films: pd.DataFrame, path: Path) -> pd.DataFrame:
    """One rejection for each name that is not one film's."""
    mixed = films[films["clash"] != ""]
    rows = [
        json.dumps({"head": name, "facts": facts}, ensure_ascii=False)
        for name, facts in zip(mixed.index, mixed["facts"].tolist(), strict=True)
    ]
    return pd.DataFrame(
        {"file": path.name, "line": mixed["line"].to_numpy(), "reason": mixed["clash"].to_numpy(), "row": rows}
    )


def _facts(out: BatchBuilder, rows: pd.DataFrame, path: Path) -> None:
    of = dict(list(rows.groupby("relation", sort=False)))
    none = rows.iloc[:0]
    for theirs, ours in _PEOPLE.items():
        out.relate(of.get(theirs, none), ours, "tail", partial(person_id, "metaqa"), type="Person", path=path)
    out.relate(of.get("has_genre", none), "has_genre", "tail", genre_id, type="Genre", label=genre_label, path=path)
    languages = of.get("in_language", none)
    unknown = out.relate(
        languages,
        "in_language",
        "tail",
        language_id,
        type="Language",
        label=lambda text: language_label(language_code(text) or text),
        path=path,
    )
    named = languages.loc[unknown.index].assign(language=unknown)
    why = named["language"].map("no language is called {}".format)
    out.reject(reject(named, named["language"].notna(), why, path, _COLUMNS))
    tags = of.get("has_tags", none)
    tags = tags[~tags["tail"].isin(_NOT_TAGS) & ~each(tags["tail"], is_production_note).astype(bool)]
    hints = each(tags["tail"], viewers_hint_id).notna()
    out.relate(tags[~hints], "user_tag", "tail", partial(tag_id, sort="user_tag"), type="UserTag", path=path)
    out.relate(tags[hints], "adaptation_hint", "tail", viewers_hint_id, type="Hint", path=path)


ADAPTER = Adapter(name="metaqa", recognise=_recognise, read=_read)
