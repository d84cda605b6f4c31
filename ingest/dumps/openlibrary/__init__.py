"""Open Library's dumps: tab-separated type, key, revision, time and the record itself as JSON.

Editions say how often a work was published, and how Goodreads numbers them; works have titles, authors and subjects;
authors have names, and numbers in other catalogues.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ingest.adapter import Adapter
from ingest.building import BatchBuilder
from ingest.dumps.keep import LISTED, beside, listed, settings
from ingest.dumps.mapped import gathered
from ingest.dumps.numbered import LIMIT, Numbers, numbers, reaching
from ingest.dumps.rows import Rows, Wanted, is_one_of
from ingest.names import clean_label, fold, is_theme, tag_id
from ingest.reading import rejection
from ingest.sources.common import hint_id
from kg.keys import Ints
from kg.tables import Batch

_HEADER = ("type", "key", "revision", "last_modified", "record")
_KINDS = ("editions", "works", "authors")
_NAME = re.compile(rf"ol_dump_({'|'.join(_KINDS)})_.*\.txt(?:\.gz)?")
_SETTINGS = "openlibrary.dump.toml"
_WORK = r"/works/OL(?P<number>\d{1,9})W"
_GOODREADS = r'"goodreads":\s*\[\s*"(?P<number>\d{1,9})"'
_YEAR = re.compile(r"(?<!\d)(1[0-9]{3}|20[0-9]{2})(?!\d)")


def _recognise(folder: Path) -> list[Path]:
    dumps = [path for path in sorted(folder.glob("ol_dump_*")) if _NAME.fullmatch(path.name)]
    if not any("_works_" in path.name for path in dumps):
        return []
    return dumps + beside(folder, _SETTINGS, LISTED)


def _read(given: Sequence[Path]) -> Batch:
    dump = _Dump(given)
    dump.take_editions()
    dump.take_works()
    dump.take_authors()
    return dump.out.batch()


class _Dump:
    """The files of one folder on their way into a batch; `works` and `authors` are the numbers of what is kept."""

    def __init__(self, given: Sequence[Path]) -> None:
        named = [(f[1], path) for path in given if (f := _NAME.fullmatch(path.name))]
        self.paths = {kind: [path for k, path in named if k == kind] for kind in _KINDS}
        self.settings = settings(given, __name__, _SETTINGS)
        self.listed = listed(given)
        self.out = BatchBuilder("openlibrary")
        self.works, self.authors = Numbers("/works/OL", "W"), Numbers("/authors/OL", "A")

    def rows(self, kind: str, type: str, wanted: Wanted | None = None) -> Iterator[tuple[Path, pa.Table]]:
        """The wanted records of a type, none if the dump is not there; what is wrong with it is set apart."""
        for path in self.paths[kind]:
            rows = Rows(
                path,
                ("type", "key", "record"),
                lambda t: pc.and_(is_one_of(t, "type", [type]), wanted(t)) if wanted else is_one_of(t, "type", [type]),
                header=_HEADER,
            )
            for table in gathered(rows) if wanted else rows:
                yield path, table
            self.out.reject(rows.rejected)

    def take_editions(self) -> None:
        """Keep the works that have many editions or are listed, and state what Goodreads calls their editions."""
        editions, pairs = np.zeros(1 << 16, dtype=np.int32), [np.zeros((2, 0), dtype=np.int64)]
        for _, table in self.rows("editions", "/type/edition"):
            work = _numbers_in(table["record"], _WORK)
            number, count = np.unique(work[(work >= 0) & (work < LIMIT)], return_counts=True)
            editions = reaching(editions, number)
            editions[number] += count.astype(np.int32)
            both = np.stack([work, _numbers_in(table["record"], _GOODREADS)])
            pairs.append(both[:, (both >= 0).all(axis=0)])
        works, books = np.concatenate(pairs, axis=1)
        kept = np.flatnonzero(editions >= self.settings["editions"])
        named = numbers(pa.array(self.listed, pa.string()), "goodreads:")
        listed_here = [f"/works/{i.removeprefix('openlibrary:')}" for i in self.listed if i.startswith("openlibrary:")]
        self.works.add(_keys(np.concatenate([kept, works[np.isin(books, named)]])))
        self.works.add(pa.array(listed_here, pa.string()))
        if not len(self.works):
            why = "nothing says which works are wanted: the editions dump is not here, and no keep.txt lists any"
            self.out.reject(rejection(self.paths["works"][0], 1, why))
        ours = self.works.has(_keys(works)).to_numpy(zero_copy_only=False)
        facts = pd.DataFrame({"head": [f"openlibrary:OL{w}W" for w in works[ours]], "relation": "same_as"})
        self.out.add("facts", facts.assign(tail=[f"goodreads:{b}" for b in books[ours]]).drop_duplicates())

    def take_works(self) -> None:
        """Take in the kept works, whose authors are kept in turn."""
        most = self.settings["subjects"]
        for path, table in self.rows("works", "/type/work", lambda t: self.works.has(t["key"])):
            works = self._records(path, table, _work)
            self.out.add("entities", works[["id", "type", "label", "other_labels", "line"]], path)
            titles = works[["id", "year", "summary", "line"]].rename(columns={"id": "title"})
            self.out.add("titles", titles.assign(kind="book", year=titles["year"].astype("Int64")), path)
            self.authors.add(pa.array([f"/authors/{a}" for some in works["authors"] for a in some], pa.string()))
            relate = partial(self.out.relate, works, path=path)
            relate("written_by", "authors", "openlibraryauthor:{}".format, type="Person", label=None)
            works["themes"] = works["subjects"].map(lambda some: [s for s in some if is_theme(s)][:most])
            relate("shelf", "themes", lambda subject: tag_id(subject, "shelf"), type="Shelf", label=fold)
            works["hints"] = works["subjects"].map(lambda some: [s for s in some if hint_id(s)])
            relate("adaptation_hint", "hints", hint_id, type="Hint")
            self._same(works, path)

    def take_authors(self) -> None:
        """Take in the authors of kept works."""
        for path, table in self.rows("authors", "/type/author", lambda t: self.authors.has(t["key"])):
            authors = self._records(path, table, _author)
            self.out.add("entities", authors[["id", "type", "label", "other_labels", "line"]], path)
            self._same(authors, path)

    def _records(self, path: Path, table: pa.Table, read: Any) -> pd.DataFrame:
        """What `read` makes of each record; records that are no JSON are set apart."""
        made, bad = [], []
        for key, line, text in zip(*(table[c].to_pylist() for c in ("key", "line", "record")), strict=True):
            try:
                made.append({"line": line} | read(key, json.loads(text)))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                why = f"the record can't be read: {type(error).__name__} {error}"
                bad.append(rejection(path, line, why, text[:1000]))
        self.out.reject(*bad)
        return pd.DataFrame(made, columns=_COLUMNS)

    def _same(self, frame: pd.DataFrame, path: Path) -> None:
        """State what other catalogues call these."""
        facts = frame[["id", "same", "line"]].explode("same").dropna(subset="same")
        facts = facts.rename(columns={"id": "head", "same": "tail"}).assign(relation="same_as")
        self.out.add("facts", facts, path)


_COLUMNS = ("line", "id", "type", "label", "other_labels", "year", "summary", "authors", "subjects", "same")


def _work(key: str, record: dict[str, Any]) -> dict[str, Any]:
    title, subtitle = clean_label(record["title"]), record.get("subtitle")
    year = _YEAR.search(record.get("first_publish_date") or "")
    authors = [a.get("author", a) for a in record.get("authors", [])]
    keys = [a["key"] if isinstance(a, dict) else a for a in authors]
    return {
        "id": f"openlibrary:{key.rpartition('/')[2]}",
        "type": "Book",
        "label": title,
        "other_labels": [f"{title}: {clean_label(subtitle)}"] if subtitle else None,
        "year": int(year[1]) if year else None,
        "summary": clean_label(_text(record.get("description"))) or None,
        "authors": [k.rpartition("/")[2] for k in keys],
        "subjects": [clean_label(s) for s in record.get("subjects", []) if isinstance(s, str)],
        "same": _elsewhere(record.get("identifiers", {})),
    }


def _author(key: str, record: dict[str, Any]) -> dict[str, Any]:
    name = clean_label(record.get("name") or record["personal_name"])
    others = [clean_label(o) for o in record.get("alternate_names", []) if isinstance(o, str)]
    return {
        "id": f"openlibraryauthor:{key.rpartition('/')[2]}",
        "type": "Person",
        "label": name,
        "other_labels": [o for o in dict.fromkeys(others) if o != name] or None,
        "same": _elsewhere(record.get("remote_ids", {})),
    }


def _elsewhere(ids: dict[str, Any]) -> list[str]:
    """Identifiers of the same thing in other catalogues."""
    found = []
    for name, pattern, prefix in (("wikidata", r"Q\d+", "wd"), ("imdb", r"nm\d+", "imdbname")):
        values = ids.get(name) or []
        for value in [values] if isinstance(values, str) else values:
            if re.fullmatch(pattern, str(value).strip()):
                found.append(f"{prefix}:{str(value).strip()}")
    return found


def _text(value: Any) -> str:
    """A text, which may be wrapped: {"type": "/type/text", "value": …}."""
    return str(value.get("value", "")) if isinstance(value, dict) else str(value or "")


def _numbers_in(records: pa.ChunkedArray, pattern: str) -> Ints:
    """int64 [n]: what the group `number` of the pattern finds first in each record; −1 for nothing."""
    found = pc.struct_field(pc.extract_regex(records, pattern), "number")
    return np.asarray(pc.fill_null(found, "-1").cast(pa.int64()).to_numpy())


def _keys(works: Ints) -> pa.Array:
    return pa.array([f"/works/OL{w}W" for w in works.tolist()], pa.string())


ADAPTER = Adapter(name="openlibrary", recognise=_recognise, read=_read)
