"""Wikidata's dumps as a stream of statements, from truthy N-Triples or from the JSON dump."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ingest.dumps.blocks import Blocks
from ingest.dumps.wikidata.meaning import INSTANCE_OF, Meaning
from ingest.reading import concat, rejection

#: The English label of an item, and the one that holds in all languages and stands in for it.
LABEL, LABEL_IN_ALL = "label", "label:mul"
#: A statement: the number of its item, a property or one of the two, and the value: an item (Q42) or text.
SCHEMA = pa.schema([("item", pa.int64()), ("property", pa.string()), ("value", pa.string())])
_SHOWN = 1000


class Statements:
    """Iterates over tables of the statements in a dump that could matter; `rejected` then says what was wrong in it."""

    def __init__(self, path: Path, meaning: Meaning) -> None:
        self._path, self._meaning = path, meaning
        self._blocks = Blocks(path)
        self._rejected: list[pd.DataFrame] = []

    @property
    def rejected(self) -> pd.DataFrame:
        return concat(*self._rejected, self._blocks.rejected)

    def __iter__(self) -> Iterator[pa.Table]:
        return self._json() if ".json" in self._path.name else self._ntriples()

    # -- N-Triples

    def _ntriples(self) -> Iterator[pa.Table]:
        matters = _lines_of(self._meaning.properties, self._meaning.classes)
        for block in self._blocks:
            if (np.frombuffer(block.text, np.uint8)[block.ends - 2] != ord(".")).any():
                self._complain(block.line, block.text)
            lines = block.lines()
            # Of all lines few matter, and Arrow finds them while other threads go on.
            likely = lines.filter(pc.match_substring_regex(lines, matters))
            found = _TRIPLE.findall(b"\n" + b"".join(likely.to_pylist()))
            if found:
                # Column by column: a dump has some hundred million of these.
                items, properties, values, texts, labels, languages = (
                    pa.array(c, pa.binary()) for c in zip(*found, strict=True)
                )
                label = pc.if_else(pc.equal(languages, b"en"), LABEL, LABEL_IN_ALL)
                columns = [
                    items.cast(pa.string()).cast(pa.int64()),
                    pc.if_else(pc.equal(languages, b""), properties.cast(pa.string()), label),
                    pc.binary_join_element_wise(values.cast(pa.string()), _unescaped(texts), _unescaped(labels), ""),
                ]
                yield pa.table(columns, schema=SCHEMA)

    def _complain(self, first: int, text: bytes) -> None:
        for number, line in enumerate(text.split(b"\n")[:-1], start=first):
            if line.strip() and not line.rstrip().endswith(b".") and not line.startswith(b"#"):
                shown = line[:_SHOWN].decode("utf-8", errors="replace")
                self._rejected.append(rejection(self._path, number, "it is no line of N-Triples", shown))

    # -- JSON

    def _json(self) -> Iterator[pa.Table]:
        classes = "|".join(self._meaning.classes)
        for block in self._blocks:
            rows: list[tuple[int, str, str]] = []
            lines = block.lines()
            matter = pc.match_substring_regex(lines, f'"id":"(?:{classes})"').to_pylist()
            for number, (line, matters) in enumerate(zip(lines.to_pylist(), matter, strict=True), start=block.line):
                text = line.strip().rstrip(b",")
                if text in (b"", b"[", b"]"):
                    continue
                try:
                    # What is of no known class is at most named by others, and a tenth of the work.
                    rows += self._entity(json.loads(text)) if matters else _only_label(text)
                except (ValueError, TypeError, KeyError, AttributeError) as error:
                    shown = text[:_SHOWN].decode("utf-8", errors="replace")
                    why = f"it is no entity: {type(error).__name__} {error}"
                    self._rejected.append(rejection(self._path, number, why, shown))
            if rows:
                yield pa.table([pa.array(column) for column in zip(*rows, strict=True)], schema=SCHEMA)

    def _entity(self, entity: dict[str, Any]) -> Iterator[tuple[int, str, str]]:
        if not entity["id"].startswith("Q"):
            return
        item = int(entity["id"][1:])
        labels = entity.get("labels") or {}
        for language, property in (("en", LABEL), ("mul", LABEL_IN_ALL)):
            if language in labels:
                yield item, property, labels[language]["value"]
        claims = entity.get("claims") or {}
        for property in self._meaning.properties:
            statements = [s for s in claims.get(property, ()) if s["rank"] != "deprecated"]
            best = [s for s in statements if s["rank"] == "preferred"] or statements
            for statement in best:
                if statement["mainsnak"]["snaktype"] == "value":
                    yield item, property, _value(statement["mainsnak"]["datavalue"])


_ITEM, _DIRECT = r"<http://www\.wikidata\.org/entity/", r"<http://www\.wikidata\.org/prop/direct/"
_NAMED = r"<http://www\.w3\.org/2000/01/rdf-schema#label>"


def _lines_of(properties: Iterable[str], classes: Iterable[str]) -> str:
    """Matches the lines that matter (in RE2): those of `properties`, and labels in the languages that are read.

    Every item is an instance of something, but few of one of `classes`: of these statements no others matter.
    """
    instance = f"{INSTANCE_OF}> {_ITEM}(?:{'|'.join(classes)})>"
    others = f"(?:{'|'.join(p for p in properties if p != INSTANCE_OF)})>"
    return rf'^{_ITEM}Q\d+> (?:{_DIRECT}(?:{instance}|{others})|{_NAMED} ".*"@(?:en|mul) )'


#: Item; property and an item or a text; or a label and its language. Possessive, so that nothing is tried twice.
_TEXT = r'"((?:[^"\\\n]|\\.)*+)"'
_TRIPLE = re.compile(
    rf"\n{_ITEM}Q(\d{{1,12}}+)> (?:{_DIRECT}(P\d++)> (?:{_ITEM}(Q\d{{1,12}}+)>"
    rf"|{_TEXT}(?:@[a-zA-Z-]++|\^\^<[^>\n]*+>)?+)|{_NAMED} {_TEXT}@(en|mul)) \.".encode()
)

_ESCAPE = re.compile(r'\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([tbnrf"\'\\]))')
_PLAIN = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", '"': '"', "'": "'", "\\": "\\"}


def _unescaped(texts: pa.Array) -> pa.Array:
    """The texts [n] of literals of N-Triples."""
    try:
        plain = texts.cast(pa.string())
    except pa.ArrowInvalid:  # one of them is not in UTF-8
        plain = pa.array([text.decode("utf-8", errors="replace") for text in texts.to_pylist()], pa.string())
    escaped = pc.match_substring(plain, "\\")
    if not pc.any(escaped).as_py():
        return plain
    mended = [_ESCAPE.sub(_character, text) for text in plain.filter(escaped).to_pylist()]
    return pc.replace_with_mask(plain, escaped, pa.array(mended, pa.string()))


def _character(escape: re.Match[str]) -> str:
    return _PLAIN[escape[3]] if escape[3] is not None else chr(int(escape[1] or escape[2], 16))


_ID = re.compile(rb'"id":"Q(\d{1,12})"')
_LABEL = re.compile(rb'"(en|mul)":\{"language":"\1","value":("(?:[^"\\]|\\.)*")\}')


def _only_label(text: bytes) -> Iterator[tuple[int, str, str]]:
    """The label of an entity, without reading the rest of it."""
    head = text.partition(b'"descriptions":')[0]
    found = _ID.search(head)
    if found:
        for language, label in _LABEL.findall(head):
            yield int(found[1]), LABEL if language == b"en" else LABEL_IN_ALL, json.loads(label)


def _value(value: dict[str, Any]) -> str:
    """The value of a statement as the truthy dump writes it."""
    inner = value["value"]
    match value["type"]:
        case "wikibase-entityid":
            return str(inner["id"])
        case "time":  # unknown months and days are 00 here and 01 there
            return re.sub(r"-00(?=[-T])", "-01", str(inner["time"]).removeprefix("+"))
        case "quantity":
            return str(inner["amount"])
        case "monolingualtext":
            return str(inner["text"])
        case _:
            return str(inner)
