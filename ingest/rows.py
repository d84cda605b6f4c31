"""The rows of a faulty file, one by one: what is sound is given, what is not is told by line and reason."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.streams import LONGEST_ROW, Line, Unreadable, lines

#: A quoted cell may run over line ends, but a stray quote must not swallow the rest of the file.
_LONGEST_SPAN = 1000


@dataclass(slots=True)
class Row:
    """A row and the physical lines that it fills, or what is wrong with it."""

    lines: list[_Text]
    cells: list[str]
    problem: str = ""

    @property
    def line(self) -> int:
        return self.lines[0].number

    @property
    def text(self) -> str:
        return "\n".join(line.text.removesuffix("\r") for line in self.lines)


class _RunsAway(Exception):
    """A row has become too long to be one."""


class Rows:
    """The rows of a file one by one, good and bad; `error` says afterwards what cut the file short."""

    def __init__(self, path: Path, separator: str, quoted: bool) -> None:
        csv.field_size_limit(max(csv.field_size_limit(), LONGEST_ROW))
        self._lines = lines(path)
        self._separator = separator
        self._next = self._quoted_row if quoted else self._plain_row
        self._queue: deque[_Text] = deque()
        self._taken: list[_Text] = []
        self._span = 0
        self._ended = False
        self._parse = self._parser()
        self.error, self.error_line = "", 0

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        while True:
            self._taken, self._span = [], 0
            row = self._next()
            if row is None:
                raise StopIteration
            if row.cells or row.problem:  # an empty line is not a row
                return row

    def _take(self) -> _Text | None:
        """The next physical line, remembered in case the row has to be given up."""
        try:
            line = self._queue.popleft() if self._queue else _text(next(self._lines))
        except StopIteration:
            self._ended = True
            return None
        except Unreadable as error:
            self.error, self.error_line, self._ended = f"{error.why} at line {error.line}", error.line, True
            return None
        self._taken.append(line)
        self._span += len(line.text)
        return line

    def _plain_row(self) -> Row | None:
        line = self._take()
        if line is None:
            return None
        text = line.text.removesuffix("\r")
        return Row(self._taken, text.split(self._separator) if text else [], line.problem)

    def _parser(self) -> Iterator[list[str]]:
        return csv.reader(self._feed(), delimiter=self._separator, strict=True)

    def _feed(self) -> Iterator[str]:
        while (line := self._take()) is not None:
            if self._span > LONGEST_ROW or len(self._taken) > _LONGEST_SPAN:
                raise _RunsAway
            yield line.text + "\n"

    def _quoted_row(self) -> Row | None:
        cells: list[str] = []
        slip = ""
        try:
            cells = next(self._parse)
        except StopIteration:
            if not self._taken:
                return None
            slip = "a quote is not closed"
        except _RunsAway:
            slip = "a quote is not closed within a thousand lines"
        except csv.Error as error:
            slip = f"the quotes are wrong: {error}"
            if len(self._taken) == 1 and not self._ended:
                cells = _leniently(self._taken[0].text, self._separator)
        if slip:
            self._parse = self._parser()
            if not cells:  # Give up the first line only: the slip may be in it, and good rows after it.
                self._queue.extendleft(reversed(self._taken[1:]))
                del self._taken[1:]
        problem = "" if cells else slip
        for line in self._taken:
            problem = line.problem or problem
        return Row(self._taken, cells, problem)


@dataclass(slots=True)
class _Text:
    """A physical line decoded, and what was wrong with it."""

    number: int
    text: str
    problem: str = ""


def _text(line: Line) -> _Text:
    encoding = "utf-8-sig" if line.number == 1 else "utf-8"
    if line.too_long:
        return _Text(line.number, line.text.decode(encoding, errors="replace"), "the line is longer than 1 MiB")
    try:
        return _Text(line.number, line.text.decode(encoding))
    except UnicodeDecodeError as error:
        utf16 = line.number == 1 and line.text[:2] in (b"\xff\xfe", b"\xfe\xff")
        problem = (
            "the file is UTF-16; save it as UTF-8" if utf16 else f"not UTF-8 at byte {error.start + 1} of the line"
        )
        return _Text(line.number, line.text.decode(encoding, errors="replace"), problem)


def _leniently(text: str, separator: str) -> list[str]:
    """The cells of one line with text after a closing quote, which most readers let pass; none for worse slips."""
    try:
        cells = next(csv.reader([text + "\n"], delimiter=separator))
    except csv.Error:
        return []
    return cells if not cells[-1].endswith("\n") else []
