"""Wikidata: the truthy dump as N-Triples, the JSON dump, or what a query of the same form gave.

Statements that could matter are put on disk while the dump is read, once; then it is decided which works are kept, and
what is said of them and of whom they name is taken in.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ingest.adapter import Adapter
from ingest.building import BatchBuilder
from ingest.dumps.keep import LISTED, beside, listed
from ingest.dumps.wikidata.kept import Kept
from ingest.dumps.wikidata.meaning import SETTINGS, Meaning
from ingest.dumps.wikidata.said import Said
from ingest.dumps.wikidata.spool import Spool
from ingest.dumps.wikidata.statements import Statements
from kg.tables import Batch

_NAME = re.compile(
    r"(?:latest-truthy|wikidata(?:-\d+-truthy(?:-\w+)*)?)\.nt(?:\.gz|\.bz2)?"
    r"|(?:latest-all|wikidata-\d+-all)\.json(?:\.gz|\.bz2)?"
)


def _recognise(folder: Path) -> list[Path]:
    dumps = [path for path in sorted(folder.glob("*")) if _NAME.fullmatch(path.name)]
    return dumps + beside(folder, SETTINGS, LISTED) if dumps else []


def _read(given: Sequence[Path]) -> Batch:
    meaning = Meaning.read(given)
    out = BatchBuilder("wikidata")
    with tempfile.TemporaryDirectory(prefix="titlegraph-") as folder:
        spool = Spool(Path(folder))
        dumps = [Statements(path, meaning) for path in given if _NAME.fullmatch(path.name)]
        spool.write(table for dump in dumps for table in dump)
        out.reject(*(dump.rejected for dump in dumps))
        kept = Kept(spool, meaning, listed(given))
        Said(spool, meaning, kept, out).take()
    return out.batch()


ADAPTER = Adapter(name="wikidata", recognise=_recognise, read=_read)
