"""A source into a folder: everything is fetched and checked beside it, and only then moved in."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from ingest.download.errors import DownloadBusy, DownloadDeclined, NotEnoughSpace, NothingToAsk
from ingest.download.files import Arrived, Progress, bring
from ingest.download.offers import Offer, offer
from ingest.download.questions import ask
from ingest.download.transfer import Patience

#: In every folder: what was fetched, from where and when, and under which licence.
RECEIPT = "download.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """What a download brought: `files` are new; there are none where the folder already had the publisher's newest."""

    source: str
    folder: Path
    files: tuple[Path, ...]
    licence: str
    terms: str


def download(
    source: str,
    folder: Path | str | None = None,
    *,
    ids: Iterable[str] = (),
    confirm: Callable[[str], bool] | None = None,
    progress: Progress | None = None,
    base_url: str | None = None,
    patience: Patience | None = None,
) -> Download:
    """Bring a publisher's official files to `folder` (by default one named like the source, in the current folder).

    `source` names one of :func:`offers`. Before anything is fetched, `confirm` gets the offer in words – what, by whom,
    how large, under which licence – and answers whether to go on. A download by query asks about `ids`, of which those
    of its prefix count (``imdb:tt0078788``).

    The folder sees whole, checked files only, all of a source at once. What broke off is taken up where it stopped, by
    the next call if need be, as long as the publisher has the same version; what the folder already has newest is not
    fetched again. `base_url` names a mirror on which the publishers' paths are looked up; proxies are taken from the
    environment (``https_proxy``, ``no_proxy``).

    Raises the errors of :mod:`ingest.download.errors`; after any of them a second call goes on.
    """
    chosen = offer(source)
    target = Path(source if folder is None else folder)
    asked = _asked(chosen, ids)
    if confirm is not None and not confirm(chosen.text(len(asked))):
        raise DownloadDeclined(source)
    staging = target.absolute().with_name(f".{target.absolute().name}.{source}.part")
    staging.mkdir(parents=True, exist_ok=True)
    had = _had(target)
    bear = patience or Patience()

    def address(url: str) -> str:
        parts = urlsplit(url)
        return url if base_url is None else base_url.rstrip("/") + parts.path

    try:
        with FileLock(staging / "lock", timeout=0):
            _check_space(chosen, target, staging, had, len(asked))
            if chosen.query is not None:
                endpoint = address(chosen.query.endpoint)
                arrived = {endpoint: ask(chosen.query, endpoint, asked, staging, bear, progress)}
            else:
                brought = {f.url: bring(f, address, staging, had.get(f.url), bear, progress) for f in chosen.files}
                arrived = {url: a for url, a in brought.items() if a is not None}
            fresh = _move_in(chosen, target, staging, had, arrived)
            shutil.rmtree(staging, ignore_errors=True)
    except Timeout as error:
        raise DownloadBusy(target) from error
    return Download(source=source, folder=target, files=tuple(fresh), licence=chosen.licence, terms=chosen.terms)


def _asked(chosen: Offer, ids: Iterable[str]) -> list[str]:
    """The local parts of the identifiers that a query is about."""
    if chosen.query is None:
        return []
    prefix = chosen.query.prefix + ":"
    local = {i.removeprefix(prefix) for i in ids if i.startswith(prefix)}
    asked = sorted(i for i in local if re.fullmatch(r"\w+", i))
    if not asked:
        raise NothingToAsk(chosen.name, chosen.query.prefix)
    return asked


def _had(target: Path) -> dict[str, Arrived]:
    """What the folder has by its receipt, by address; nothing of files that are no longer there."""
    try:
        files = json.loads((target / RECEIPT).read_text(encoding="utf-8"))["files"]
        arrived = {url: Arrived.read(entry) for url, entry in files.items()}
    except (OSError, ValueError, TypeError, KeyError):
        return {}
    return {url: a for url, a in arrived.items() if all((target / name).is_file() for name in a.names)}


def _check_space(chosen: Offer, target: Path, staging: Path, had: dict[str, Arrived], ids: int) -> None:
    """Raise :class:`NotEnoughSpace` where what is to come would not fit, by its approximate size."""
    if chosen.files and all(file.url in had for file in chosen.files):
        return  # perhaps nothing is fetched; if something is, its exact size is checked
    here = sum(p.stat().st_size for p in staging.iterdir() if p.is_file())
    needed, free = chosen.size(ids) - here, shutil.disk_usage(staging).free
    if needed > free:
        raise NotEnoughSpace(target, needed, free)


def _move_in(
    chosen: Offer, target: Path, staging: Path, had: dict[str, Arrived], arrived: dict[str, Arrived]
) -> list[Path]:
    """Move what has arrived to the folder, and write the receipt last."""
    names = [name for each in arrived.values() for name in each.names]
    if not names:
        return []
    target.mkdir(parents=True, exist_ok=True)
    for name in names:
        if (staging / name).exists():  # else an earlier call moved it and was killed before the receipt
            os.replace(staging / name, target / name)
    receipt = {
        "source": chosen.name,
        "title": chosen.title,
        "publisher": chosen.publisher,
        "licence": chosen.licence,
        "terms": chosen.terms,
        "downloaded_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": {url: asdict(each) for url, each in (had | arrived).items()},
    }
    draft = staging / RECEIPT
    draft.write_text(json.dumps(receipt, indent=1, ensure_ascii=False), encoding="utf-8")
    os.replace(draft, target / RECEIPT)
    return [target / name for name in names]
