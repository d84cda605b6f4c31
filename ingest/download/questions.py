"""A download by query: asked in portions, each kept until all are there."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

from ingest.download import wikidata
from ingest.download.errors import DownloadFailed
from ingest.download.files import Arrived, Progress
from ingest.download.offers import Query
from ingest.download.transfer import Patience, Version, discard, fetch, finish


def ask(
    query: Query,
    endpoint: str,
    ids: Sequence[str],
    staging: Path,
    patience: Patience,
    progress: Progress | None,
) -> Arrived:
    """Ask `endpoint` about `ids` and put the answers into one file in `staging`; `progress` gets requests."""
    portions = [ids[i : i + query.at_once] for i in range(0, len(ids), query.at_once)]
    with (staging / query.file).open("wb") as whole:
        for i, portion in enumerate(portions):
            if progress is not None:
                progress(query.file, i + 1, len(portions))
            with _answer(endpoint, portion, staging, patience).open("rb") as answer:
                shutil.copyfileobj(answer, whole, 1 << 20)
    return Arrived(names=[query.file], version=Version(url=endpoint))


def _answer(endpoint: str, ids: Sequence[str], staging: Path, patience: Patience) -> Path:
    """The answer about `ids`, from an earlier call or the service; one that it cut short is asked for in halves."""
    text = wikidata.query(ids)
    answer = staging / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.answer"
    if answer.exists():
        return answer
    part = answer.with_suffix(".part")
    discard(part)
    fetch(f"{endpoint}?{urlencode({'query': text})}", part, patience=patience, accept="application/n-triples")
    if not wikidata.is_whole(part):
        discard(part)
        if len(ids) == 1:
            raise DownloadFailed(endpoint, f"the answer about {ids[0]} was cut short")
        middle = len(ids) // 2
        halves = [_answer(endpoint, half, staging, patience) for half in (ids[:middle], ids[middle:])]
        part.write_bytes(b"".join(half.read_bytes() for half in halves))
    finish(part, answer)
    return answer
