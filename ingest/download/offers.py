"""What can be downloaded: read from ``publishers.toml``, with its licence and size."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

from ingest.download.errors import UnknownDownload


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedFile:
    """One file: `size` in bytes is approximate, `md5` the address of its checksum; an archive may be unpacked."""

    url: str
    size: int
    md5: str | None = None
    unpack: bool = False

    @property
    def name(self) -> str:
        return urlsplit(self.url).path.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A SPARQL endpoint, asked about identifiers of `prefix`, `at_once` in a request; the answers make one `file`."""

    endpoint: str
    prefix: str
    at_once: int
    size_each: int
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A source that can be downloaded, and on which terms."""

    name: str
    title: str
    publisher: str
    licence: str
    terms: str
    files: tuple[OfferedFile, ...] = ()
    query: Query | None = None

    def size(self, ids: int = 0) -> int:
        """Bytes to be fetched, roughly; a download by query is asked about so many `ids`."""
        return sum(f.size for f in self.files) + (self.query.size_each * ids if self.query else 0)

    def text(self, ids: int = 0) -> str:
        """The offer in words, for whoever has to agree to it."""
        if self.query is not None:
            what = f"what {self.query.endpoint} knows of {ids:,} titles"
        else:
            what = ", ".join(f.name for f in self.files)
        return (
            f"{self.title}\nfrom {self.publisher}: {what}\n"
            f"size: about {readable(self.size(ids))}\nlicence: {self.licence}\nterms: {self.terms}"
        )


def readable(size: int) -> str:
    """A number of bytes as a person says it.

    >>> readable(31_000_000), readable(16_580_000_000)
    ('31 MB', '16.6 GB')
    """
    for limit, unit in ((1e9, "GB"), (1e6, "MB")):
        if size >= limit:
            return f"{size / limit:.1f} {unit}" if size < 100 * limit and size % limit else f"{size / limit:.0f} {unit}"
    return f"{size / 1e3:.0f} kB"


@cache
def offers() -> tuple[Offer, ...]:
    """Everything that can be downloaded."""
    table = tomllib.loads(files("ingest.download").joinpath("publishers.toml").read_text(encoding="utf-8"))
    return tuple(
        Offer(
            name=name,
            files=tuple(OfferedFile(**file) for file in entry.pop("files", ())),
            query=Query(**entry.pop("query")) if "query" in entry else None,
            **entry,
        )
        for name, entry in table.items()
    )


def offer(name: str) -> Offer:
    """The download of that name. Raises :class:`UnknownDownload`."""
    for each in offers():
        if each.name == name:
            return each
    raise UnknownDownload(name, [each.name for each in offers()])
