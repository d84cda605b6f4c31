"""The bytes of a file, packed or not, in pieces of bounded size, and what stopped them."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

PIECE = 1 << 20
#: Rows longer than this many bytes are not read: no publisher writes them, and they need not fit in memory.
LONGEST_ROW = 1 << 20
_SHOWN = 200

_MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"PK\x03\x04": "zip", b"PK\x05\x06": "zip"}
_SUFFIX = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zip": "zip"}


class Unreadable(Exception):
    """The bytes end here, in line `line`: `why` says how. What came before is good."""

    def __init__(self, why: str, line: int = 1) -> None:
        self.why, self.line = why, line
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Line:
    """One physical line without its line feed; of one that is too long, the beginning."""

    number: int
    text: bytes
    too_long: bool = False


def packing(path: Path) -> str | None:
    """How the file is packed (gzip, bzip2, xz, zip), by its first bytes; None for a plain file."""
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        return None
    return next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), None)


def pieces(path: Path) -> Iterator[bytes]:
    """The unpacked bytes of the file, at most 1 MiB at a time.

    Raises :class:`Unreadable` where the file, or an archive in it, breaks off, after everything that could be read.
    """
    if not path.is_file():
        raise Unreadable("there is no such file")
    kind = packing(path)
    if kind is None and (claimed := _SUFFIX.get(path.suffix.lower())) and path.stat().st_size:
        raise Unreadable(f"the file is named like {claimed} but is not packed that way")
    try:
        match kind:
            case "zip":
                yield from _zip_pieces(path)
            case "gzip":
                with gzip.open(path) as stream:
                    yield from _read(stream)
            case "bzip2":
                with bz2.open(path) as stream:
                    yield from _read(stream)
            case "xz":
                with lzma.open(path) as stream:
                    yield from _read(stream)
            case _:
                with path.open("rb") as plain:
                    yield from _read(plain)
    except EOFError:
        raise Unreadable("truncated") from None
    except (zlib.error, lzma.LZMAError, zipfile.BadZipFile, OSError) as error:
        raise Unreadable(f"damaged ({error})") from error


def _read(stream: gzip.GzipFile | IO[bytes]) -> Iterator[bytes]:
    # read1 gives what is there before it complains; read would drop it.
    read1 = cast(gzip.GzipFile, stream).read1
    while piece := read1(PIECE):
        yield piece


def _zip_pieces(path: Path) -> Iterator[bytes]:
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        yield from _zip_without_directory(path)
        return
    with archive:
        members = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX/")]
        if len(members) != 1:
            raise Unreadable(f"the zip archive holds {len(members)} files where one is expected")
        try:
            with archive.open(members[0]) as stream:
                yield from _read(stream)
        except (RuntimeError, NotImplementedError) as error:  # a password, or a method that is not known here
            raise Unreadable(f"the zip archive can't be unpacked ({error})") from error


def _zip_without_directory(path: Path) -> Iterator[bytes]:
    """The first member of a zip archive whose end, where the directory is, was cut off (APPNOTE.TXT 4.3.7)."""
    with path.open("rb") as file:
        header = file.read(30)
        if len(header) < 30:
            raise Unreadable("truncated")
        method, name, extra = struct.unpack("<8xH16xHH", header)
        file.seek(name + extra, 1)
        if method != zipfile.ZIP_DEFLATED:
            raise Unreadable("truncated")
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        while packed := file.read(1 << 16):
            while packed and not inflate.eof:
                yield inflate.decompress(packed, PIECE)
                packed = inflate.unconsumed_tail
    raise Unreadable("truncated")


def lines(path: Path) -> Iterator[Line]:
    """The physical lines of the file, numbered from 1; of a line over 1 MiB only the beginning.

    Raises :class:`Unreadable` like :func:`pieces`; a line that was broken off is not given.
    """
    number, rest, too_long = 1, b"", False
    try:
        for piece in pieces(path):
            parts = (rest + piece).split(b"\n")
            rest = parts.pop()
            for text in parts:
                too_long = too_long or len(text) > LONGEST_ROW
                yield Line(number, text[:_SHOWN] if too_long else text, too_long)
                number, too_long = number + 1, False
            too_long = too_long or len(rest) > LONGEST_ROW
            if too_long:
                rest = rest[:_SHOWN]
    except Unreadable as error:
        raise Unreadable(error.why, number) from error
    if rest:
        yield Line(number, rest, too_long)
