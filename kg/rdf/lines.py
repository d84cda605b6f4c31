"""N-Triples and N-Quads, which have a statement a line, read whole columns at a time.

Most lines of most files are plain: IRIs, or a literal without escapes, with single spaces between them. Those are
taken apart with array operations; every other line goes through the parser by itself. A line that does not parse is
set apart and reading goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyoxigraph as ox

from kg.errors import RdfSyntaxError
from kg.keys import Flags, Ints, encode
from kg.rdf.reader import BAD_GZIP, open_document, parse
from kg.rdf.statements import IRI, LITERAL, STATEMENTS, TEXT, Broken, narrow, table_of
from kg.schema import RDF

# IRIs that need no closer look: ASCII and common letters, percent signs that escape something, at most one fragment.
_CHARACTERS = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?\x{A0}-\x{D7FF}-]|%[0-9A-Fa-f]{2})*"
_IRI = rf"(?:https?://[A-Za-z0-9.-]+(?:/{_CHARACTERS})?(?:#{_CHARACTERS})?|urn:[A-Za-z0-9]+:{_CHARACTERS})"
_NODE = rf"^<(?P<iri>{_IRI})> $"
_END = rf"(?:<(?P<graph>{_IRI})> )?\.\n$"
_LANGUAGE = r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*"
_VALUE = rf'^"(?P<value>[^"\\]*)"(?:@(?P<language>{_LANGUAGE})|\^\^<(?P<datatype>{_IRI})>)? {_END}'
_NEEDS_LANGUAGE = pa.array([RDF + "langString", RDF + "dirLangString"])
_STRING = "http://www.w3.org/2001/XMLSchema#string"

_BLOCK = 4 << 20  # small enough for the processor's cache


def read_lines(path: Path, kind: ox.RdfFormat) -> tuple[pa.Table, list[Broken]]:
    """The statements of a file in their order, columns as in :data:`STATEMENTS`, and the lines that are none."""
    broken: list[Broken] = []
    odd: list[tuple[int, bytes]] = []
    pieces: list[pa.DictionaryArray] = []
    whole = [np.empty(0, dtype=bool)]
    start = 1
    for block in _blocks(path, broken):
        parts, is_whole = _cut(_readable(block, start, odd))
        pieces.append(parts.dictionary_encode())
        whole.append(is_whole)
        start += len(is_whole)
    codes, values = encode(pa.chunked_array(pieces, TEXT))
    is_whole = np.concatenate(whole)
    numbers = np.arange(1, len(is_whole) + 1)
    counts = np.where(is_whole, 4, 1)
    first = np.cumsum(counts) - counts
    _put(odd, numbers[~is_whole], values.take(pa.array(codes[first[~is_whole]])))
    if not is_whole.all():
        codes = codes[first[is_whole, None] + np.arange(4)]
    lines = _Lines(codes.reshape(-1, 4), values, numbers[is_whole])
    links, rest = _links(lines, kind)
    literals, rest = _literals(rest, kind)
    _put(odd, rest.numbers, rest.texts(0))
    tables = [links, literals, table_of(_parse(sorted(odd), kind, path, broken))]
    broken.sort(key=lambda b: (b.line is None, b.line))
    table = pa.concat_tables(tables)
    if max(t.num_rows for t in tables) < table.num_rows:
        table = table.take(pa.array(np.argsort(table["line"].to_numpy(), kind="stable")))
    return table, broken


def _put(odd: list[tuple[int, bytes]], numbers: Ints, texts: pa.StringArray) -> None:
    odd.extend(zip(numbers.tolist(), (text.rstrip("\n").encode() for text in texts.to_pylist()), strict=True))


def _blocks(path: Path, broken: list[Broken]) -> Iterator[bytes]:
    """A file in pieces that end where lines do. A gzip file that breaks off is read up to there."""
    rest: list[bytes] = []
    with open_document(path) as document:
        block = b"-"
        while block:
            try:
                block = document.read(_BLOCK)
            except BAD_GZIP as error:
                broken.append(Broken(None, f"the file is not a whole gzip file: {error}"))
                block = b""
            cut = block.rfind(b"\n") + 1
            if block and not cut:
                rest.append(block)
                continue
            whole = b"".join([*rest, block[:cut]])
            rest = [block[cut:]]
            if whole:
                yield whole if whole.endswith(b"\n") else whole + b"\n"


def _readable(block: bytes, start: int, odd: list[tuple[int, bytes]]) -> bytes:
    """A block with line feeds at the ends of its lines; lines that are not UTF-8 go to `odd` and leave an empty one."""
    if b"\r" in block:  # ends a line too, alone or before a line feed
        block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        block.decode()
    except UnicodeDecodeError:
        good = []
        for number, line in enumerate(block.split(b"\n"), start):
            try:
                line.decode()
                good.append(line)
            except UnicodeDecodeError:
                odd.append((number, line))
                good.append(b"")
        return b"\n".join(good)
    return block


def _cut(block: bytes) -> tuple[pa.StringArray, Flags]:
    """The texts of a block, each with the space or line feed behind it, and which lines [n] have at least three spaces.

    Those are cut behind the first three, into four texts; the others are one text.
    """
    text = np.frombuffer(block, dtype=np.uint8)
    behind = np.flatnonzero((text == ord(" ")) | (text == ord("\n"))) + 1
    last = np.flatnonzero(text[behind - 1] == ord("\n"))  # in `behind`: the end of each line
    first = np.concatenate([[0], last[:-1] + 1])  # and its first space
    is_whole = last - first >= 3
    counts = np.where(is_whole, 4, 1)
    place = np.cumsum(counts) - counts
    offsets = np.empty(counts.sum() + 1, dtype=np.int32)
    offsets[place] = np.concatenate([[0], behind[last[:-1]]])
    for i in range(3):
        offsets[place[is_whole] + 1 + i] = behind[first[is_whole] + i]
    offsets[-1] = len(block)
    return pa.StringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(block)), is_whole


class _Lines:
    """Lines cut behind their first three spaces: codes [n, 4] of the parts' texts, and the line numbers [n]."""

    def __init__(self, codes: Ints, values: pa.StringArray, numbers: Ints) -> None:
        self.codes, self.values, self.numbers = codes, values, numbers
        self._iris = pc.struct_field(pc.extract_regex(values, _NODE), "iri")
        self._is_iri = _flags(pc.is_valid(self._iris))

    def without(self, mask: Flags) -> Self:
        less = copy(self)
        less.codes, less.numbers = self.codes[~mask], self.numbers[~mask]
        return less

    def are_iris(self, parts: int) -> Flags:
        """bool [n]: whether the first so many parts are plain IRIs."""
        return np.logical_and.reduce([self._is_iri[self.codes[:, part]] for part in range(parts)])

    def iris(self, part: int, mask: Flags) -> pa.DictionaryArray:
        """The IRIs that are a part of some lines."""
        return narrow(self.codes[mask, part], self._iris)

    def texts(self, start: int) -> pa.StringArray:
        """The lines from part `start` on."""
        parts = [self.values.take(pa.array(column)) for column in self.codes[:, start:].T]
        return pc.binary_join_element_wise(*parts, "")


def _links(lines: _Lines, kind: ox.RdfFormat) -> tuple[pa.Table, _Lines]:
    """The statements between plain IRIs, and the other lines."""
    end = narrow(lines.codes[:, 3], lines.values)  # few
    ends, codes = pc.extract_regex(end.dictionary, "^" + _END), end.indices.to_numpy()
    graphs = _found(ends, "graph")
    is_end = _flags(pc.is_valid(ends)) & _allowed(graphs, kind)
    good = lines.are_iris(3) & is_end[codes]
    nothing = pa.nulls(int(good.sum()), TEXT)
    columns = {
        "subject": lines.iris(0, good),
        "predicate": lines.iris(1, good),
        "object": lines.iris(2, good),
        "kind": pa.repeat(pa.scalar(IRI, pa.int8()), len(nothing)),
        "datatype": nothing,
        "language": nothing,
        "graph": graphs.dictionary_encode().take(pa.array(codes[good])),
        "line": pa.array(lines.numbers[good]),
    }
    return pa.table(columns, schema=STATEMENTS), lines.without(good)


def _literals(lines: _Lines, kind: ox.RdfFormat) -> tuple[pa.Table, _Lines]:
    """The statements with a literal that has no escapes, and the other lines."""
    found = pc.extract_regex(lines.texts(2), _VALUE)
    sound = pc.and_not(pc.is_valid(found), pc.is_in(_found(found, "datatype"), value_set=_NEEDS_LANGUAGE))
    good = _flags(sound) & lines.are_iris(2) & _allowed(_found(found, "graph"), kind)
    found = found.filter(pa.array(good))
    language = pc.utf8_lower(_found(found, "language"))
    datatype = pc.if_else(pc.is_null(language), pc.fill_null(_found(found, "datatype"), _STRING), None)
    columns = {
        "subject": lines.iris(0, good),
        "predicate": lines.iris(1, good),
        "object": pc.struct_field(found, "value").dictionary_encode(),
        "kind": pa.repeat(pa.scalar(LITERAL, pa.int8()), len(found)),
        "datatype": datatype.dictionary_encode(),
        "language": language.dictionary_encode(),
        "graph": _found(found, "graph").dictionary_encode(),
        "line": pa.array(lines.numbers[good]),
    }
    return pa.table(columns, schema=STATEMENTS), lines.without(good)


def _found(match: pa.StructArray, name: str) -> pa.StringArray:
    """What a pattern found under a name; the regular expressions give empty text for nothing."""
    text = pc.struct_field(match, name)
    return pc.if_else(pc.equal(text, ""), None, text)


def _allowed(graph: pa.StringArray, kind: ox.RdfFormat) -> Flags:
    return _flags(pc.is_null(graph)) if kind == ox.RdfFormat.N_TRIPLES else np.ones(len(graph), dtype=bool)


def _flags(array: pa.BooleanArray) -> Flags:
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=bool)


def _parse(
    lines: list[tuple[int, bytes]], kind: ox.RdfFormat, path: Path, broken: list[Broken]
) -> Iterator[tuple[ox.Quad, int]]:
    for number, line in lines:
        try:
            # A statement with something behind it is none, so a line is read to its end first.
            quads = list(parse(line, kind, path))
        except RdfSyntaxError as error:
            broken.append(Broken(number, error.why, line[:500].decode(errors="replace")))
        else:
            yield from ((quad, number) for quad in quads)
