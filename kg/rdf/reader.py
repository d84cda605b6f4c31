"""RDF documents to quads, strictly RDF 1.1."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import pyoxigraph as ox

from kg.errors import InputError, RdfSyntaxError

FORMATS = {
    "nt": ox.RdfFormat.N_TRIPLES,
    "nq": ox.RdfFormat.N_QUADS,
    "ttl": ox.RdfFormat.TURTLE,
    "trig": ox.RdfFormat.TRIG,
    "jsonld": ox.RdfFormat.JSON_LD,
}
#: What reading a gzip file raises where it is broken.
BAD_GZIP = (EOFError, gzip.BadGzipFile, zlib.error)


def format_of(path: Path, name: str | None = None) -> ox.RdfFormat:
    """The format called `name` (nt, nq, ttl, trig, jsonld), or the one of the file's extension, ``.gz`` aside.

    Raises :class:`kg.errors.InputError` for any other.
    """
    extension = name or Path(path.name.removesuffix(".gz")).suffix
    try:
        return FORMATS[extension.removeprefix(".").lower()]
    except KeyError:
        known = ", ".join(FORMATS)
        raise InputError(
            f"{path}: {extension or 'no extension'!r} is not an RDF format; the formats are {known}."
        ) from None


def read_quads(source: Path | str | bytes, format: str | None = None, base: str | None = None) -> Iterator[ox.Quad]:
    """The quads of a file, or of a document in memory (bytes), as they are read.

    `format` is one of :data:`FORMATS`, by default that of the file's extension. `base` is what relative IRIs are
    resolved against; without one they are errors. Files may be gzipped. Raises :class:`kg.errors.RdfSyntaxError` with
    the line where reading stopped; terms that only RDF 1.2 has are errors too.
    """
    name = Path("document") if isinstance(source, bytes) else Path(source)
    kind = format_of(name, format)
    if isinstance(source, bytes):
        yield from parse(source, kind, name, base)
    else:
        with open_document(name) as document:
            yield from parse(document, kind, name, base)


def open_document(path: Path) -> IO[bytes]:
    """The bytes of a file, unpacked where its name ends in ``.gz``."""
    return cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def parse(document: bytes | IO[bytes], kind: ox.RdfFormat, path: Path, base: str | None = None) -> Iterator[ox.Quad]:
    """The quads of a document; `path` is what errors call it."""
    try:
        for quad in ox.parse(document, format=kind, base_iri=base):
            term = quad.object  # the parser reads RDF 1.2 as well
            if isinstance(term, ox.Triple) or (isinstance(term, ox.Literal) and term.direction is not None):
                raise RdfSyntaxError(path, None, f"{term} is RDF 1.2; only RDF 1.1 is read")
            yield quad
    except SyntaxError as error:
        raise RdfSyntaxError(path, error.lineno, str(error.args[0])) from error
    except MemoryError as error:  # the parser's limit
        raise RdfSyntaxError(path, None, "a term is longer than 16 MB") from error
    except BAD_GZIP as error:
        raise RdfSyntaxError(path, None, f"the file is not a whole gzip file: {error}") from error
