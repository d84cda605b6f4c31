"""One file over HTTP: resumed where it broke off, tried again where that helps, never taken for whole too early."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, build_opener

from ingest.download.errors import DownloadFailed, NotEnoughSpace

#: Answers that another attempt may change (RFC 9110, RFC 6585); every other error is final.
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_PIECE = 1 << 18
_LONGEST_PAUSE = 60.0
#: A server that asks for more patience than this gets none.
_LONGEST_WAIT = 900.0
#: Bytes left free beside the file.
_SPARE = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to bear with a server: `timeout` seconds for each piece, `attempts` failures in a row without progress,
    and `pause` seconds before the next attempt, doubled each time."""

    timeout: float = 60.0
    attempts: int = 6
    pause: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Which version of a file a server gave: what it takes to ask for the rest of it, or for a newer one."""

    url: str
    etag: str | None = None
    last_modified: str | None = None

    @property
    def validator(self) -> str | None:
        """What may stand in If-Range: a weak ETag may not (RFC 9110, 13.1.5)."""
        if self.etag is not None and not self.etag.startswith("W/"):
            return self.etag
        return self.last_modified


class _TryAgain(Exception):
    def __init__(self, why: str, wait: float = 0.0) -> None:
        self.why, self.wait = why, wait
        super().__init__(why)


def fetch(
    url: str,
    part: Path,
    *,
    patience: Patience,
    unless: Version | None = None,
    accept: str = "*/*",
    progress: Callable[[int, int | None], None] | None = None,
) -> Version | None:
    """Bring `url` to the file `part`, going on after what is there if the server still has that version.

    Returns the version, or None where the server has nothing newer than the version `unless`. `progress` gets the
    bytes done and in all. Raises :class:`DownloadFailed`, after which a later call goes on with what has arrived, and
    :class:`NotEnoughSpace` before anything is written that the disk can't hold.
    """
    furthest, failures = _size(part), 0
    while True:
        try:
            return _attempt(url, part, patience.timeout, unless, accept, progress)
        except _TryAgain as error:
            reached = _size(part)
            failures = 1 if reached > furthest else failures + 1
            furthest = max(furthest, reached)
            if failures >= patience.attempts:
                raise DownloadFailed(url, error.why, failures) from error
            time.sleep(max(min(patience.pause * 2 ** (failures - 1), _LONGEST_PAUSE), error.wait))


def read(url: str, *, patience: Patience, part: Path) -> str:
    """The text of a small file at `url`; `part` is where it may stand meanwhile."""
    discard(part)
    fetch(url, part, patience=patience)
    text = part.read_text(encoding="utf-8", errors="replace")
    discard(part)
    return text


def discard(part: Path) -> None:
    """Forget what has arrived."""
    part.unlink(missing_ok=True)
    _note(part).unlink(missing_ok=True)


def finish(part: Path, target: Path) -> None:
    """Give a whole file its name; it is on disk before it is seen."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(part, target)
    _note(part).unlink(missing_ok=True)


def _attempt(
    url: str,
    part: Path,
    timeout: float,
    unless: Version | None,
    accept: str,
    progress: Callable[[int, int | None], None] | None,
) -> Version | None:
    begun = _begun(part, url)
    here = _size(part) if begun is not None else 0
    headers = {"User-Agent": _user_agent(), "Accept": accept, "Accept-Encoding": "identity"}
    if begun is not None and begun.validator is not None and here:
        headers |= {"Range": f"bytes={here}-", "If-Range": begun.validator}
    elif unless is not None and unless.url == url:
        if unless.etag is not None:
            headers["If-None-Match"] = unless.etag
        elif unless.last_modified is not None:
            headers["If-Modified-Since"] = unless.last_modified
    try:
        # A fresh opener: the one that the module keeps would not see a proxy that is set later.
        with build_opener().open(Request(url, headers=headers), timeout=timeout) as answer:
            return _receive(answer, url, part, here if "Range" in headers else 0, begun, progress)
    except HTTPError as error:
        with error:
            if error.code == 304:
                return None
            if error.code == 416 and begun is not None:  # nothing is left to be had, or this is another file
                if error.headers.get("Content-Range", "").strip() == f"bytes */{here}":
                    return begun
                discard(part)
                raise _TryAgain("the server has no such part of the file") from error
            why = f"the server answers {error.code} {error.reason}".rstrip()
            if error.code not in _PASSING:
                raise DownloadFailed(url, why) from error
            wait = _retry_after(error.headers.get("Retry-After"))
            if wait > _LONGEST_WAIT:
                raise DownloadFailed(url, f"{why} and asks to come back in {wait / 60:.0f} minutes") from error
            raise _TryAgain(why, wait) from error
    except TimeoutError as error:
        raise _TryAgain(f"nothing came for {timeout:g} s") from error
    except URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise _TryAgain(f"nothing came for {timeout:g} s") from error
        raise _TryAgain(f"the server can't be reached ({error.reason})") from error
    except (http.client.HTTPException, ConnectionError) as error:
        raise _TryAgain(f"the connection broke off ({type(error).__name__})") from error


def _receive(
    answer: Any,
    url: str,
    part: Path,
    here: int,
    begun: Version | None,
    progress: Callable[[int, int | None], None] | None,
) -> Version:
    """Write the body of `answer`, at `here` if it is the rest that was asked for."""
    given = Version(url=url, etag=answer.headers.get("ETag"), last_modified=answer.headers.get("Last-Modified"))
    length = answer.headers.get("Content-Length")
    total = int(length) if length is not None and length.isdigit() else None
    if answer.status == 206:
        span = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", "").strip())
        if span is None or int(span[1]) != here or begun is None or not _same(begun, given):
            discard(part)
            raise _TryAgain("the server gives another part of the file than was asked for")
        total = None if span[2] == "*" else int(span[2])
    elif answer.status == 200:
        here = 0
    else:
        raise DownloadFailed(url, f"the server answers {answer.status}, which is not understood")
    _check_space(part.parent, (total or 0) - here)
    if here == 0:
        discard(part)  # first: a note must never stand beside bytes of another version
        _note(part).write_text(json.dumps(asdict(given)), encoding="utf-8")
    with part.open("ab" if here else "wb") as file:
        while piece := answer.read1(_PIECE):
            file.write(piece)
            here += len(piece)
            if progress is not None:
                progress(here, total)
    if total is not None and here != total:
        if here > total:
            discard(part)
        raise _TryAgain(f"the connection broke off after {here:,} of {total:,} bytes")
    return given


def _same(begun: Version, given: Version) -> bool:
    """Whether a partial answer is of the version begun: some servers give a range of whatever they have now."""
    return given.etag == begun.etag and given.last_modified in (None, begun.last_modified)


def _check_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed + _SPARE > free:
        raise NotEnoughSpace(folder, needed + _SPARE, free)


def _note(part: Path) -> Path:
    return part.with_name(part.name + ".version")


def _begun(part: Path, url: str) -> Version | None:
    """The version that `part` is the beginning of."""
    try:
        begun = Version(**json.loads(_note(part).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return begun if begun.url == url else None


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _retry_after(value: str | None) -> float:
    """Seconds to wait, from seconds or a date (RFC 9110, 10.2.3)."""
    if value is None:
        return 0.0
    if value.strip().isdigit():
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())


def _user_agent() -> str:
    """Wikimedia and others turn away clients that don't say who they are."""
    try:
        number = version("titlegraph")
    except PackageNotFoundError:
        number = "0"
    return f"titlegraph/{number} (https://w3id.org/titlegraph) Python-urllib"
