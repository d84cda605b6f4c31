"""A mapping file says what the columns of a table mean: TOML in, a checked description out."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ingest.errors import BadMapping
from ingest.template import Template

SUFFIX = ".mapping.toml"
ATTRIBUTES = ("kind", "year", "launch", "runtime", "countries", "languages", "summary")
_AUDIENCE = ("title", "country", "size", "unit", "period_start", "period_end", "part", "simulated")
_VIEWINGS = ("viewer", "title", "weight", "time", "simulated")
_SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".txt": "\t"}
_PACKED = (".gz", ".bz2", ".xz", ".zip")
TABLES = (*_SEPARATORS, ".parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Where a value comes from: a column, perhaps through a table of `values`, or one `value` for all rows."""

    column: str | None = None
    value: str | None = None
    values: Mapping[str, str] | None = None
    format: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A relation of the subject: `column` holds names or identifiers, from which `id` makes the tails."""

    relation: str
    id: Template
    column: str | None
    type: str | None
    label: str | None
    labelled: bool
    separator: str
    weight: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMapping:
    """What :func:`read_mapping` found in a mapping file."""

    path: Path
    source: str
    table: str
    separator: str | None
    multiple: str
    missing: tuple[str, ...]
    where: Mapping[str, frozenset[str]]
    id: Template
    type: Cell | None
    label: Cell | None
    other_labels: str | None
    attributes: Mapping[str, Cell]
    links: tuple[Link, ...]
    same_as: tuple[Template, ...]
    audience: Mapping[str, Cell | Template] | None
    viewings: Mapping[str, Cell | Template] | None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that a table must have, in the order in which the mapping names them."""
        cells = [
            *self.attributes.values(),
            *(self.audience or {}).values(),
            *(self.viewings or {}).values(),
            self.type,
            self.label,
        ]
        named = [*self.id.columns, *self.where, self.other_labels]
        for cell in cells:
            named += cell.columns if isinstance(cell, Template) else [cell.column if cell else None]
        for link in self.links:
            named += [*link.id.columns, link.column, link.label, link.weight]
        for template in self.same_as:
            named += template.columns
        return tuple(dict.fromkeys(name for name in named if name))

    def tables(self) -> list[Path]:
        """The tables in the mapping's folder that it describes."""
        found = sorted(p for p in self.path.parent.glob(self.table) if is_table(p))
        if not found and (self.path.parent / self.table).is_file():
            raise BadMapping(self.path, f"{self.table} is no table; tables end in {', '.join(TABLES)}")
        return found

    def cell_separator(self, table: Path) -> str:
        """What stands between the cells of a text table."""
        return self.separator or _SEPARATORS[_suffix(table)]


def _suffix(path: Path) -> str:
    suffixes = [s.lower() for s in path.suffixes]
    if suffixes and suffixes[-1] in _PACKED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def is_table(path: Path) -> bool:
    """Whether the file is named like a table: .csv, .tsv, .tab, .txt or .parquet, perhaps packed."""
    return path.is_file() and _suffix(path) in TABLES


def is_parquet(path: Path) -> bool:
    return _suffix(path) == ".parquet"


class _Section:
    """One table of the TOML file; complains about what it does not know, by file and key."""

    def __init__(self, path: Path, name: str, values: Any) -> None:
        self.path, self.name = path, name
        if not isinstance(values, dict):
            self.bad("", f"should be a table of keys, not {values!r}")
        self._values = dict(values)

    def bad(self, key: str, why: str) -> Any:
        full = ".".join(part for part in (self.name, key) if part)
        raise BadMapping(self.path, f"`{full}` {why}" if full else why)

    def take(self, key: str, kind: type, default: Any = None) -> Any:
        value = self._values.pop(key, None)
        if value is None:
            return default
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            expected = {str: "text", dict: "a table", list: "a list", bool: "true or false"}[kind]
            self.bad(key, f"should be {expected}, not {value!r}")
        return value

    def needed(self, key: str, kind: type, example: str) -> Any:
        value = self.take(key, kind)
        return value if value is not None else self.bad(key, f"is missing; write for example {example}")

    def texts(self, key: str) -> list[str]:
        values = self._values.pop(key, [])
        values = [values] if isinstance(values, str) else values
        if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
            self.bad(key, f"should be text or a list of texts, not {values!r}")
        return list(values)

    def template(self, key: str, text: str | None) -> Template | None:
        if text is None:
            return None
        try:
            return Template.parse(text)
        except ValueError as error:
            return self.bad(key, f"is wrong: {error}")

    def cell(self, key: str) -> Cell | None:
        value = self._values.pop(key, None)
        if value is None or isinstance(value, str):
            return Cell(column=value) if value is not None else None
        part = _Section(self.path, ".".join(filter(None, (self.name, key))), value)
        constant = part._values.pop("value", None)
        values = part.take("values", dict)
        cell = Cell(
            column=part.take("column", str),
            value=None if constant is None else _text(constant),
            values=None if values is None else {k: _text(v) for k, v in values.items()},
            format=part.take("format", str),
        )
        part.finish("column", "value", "values", "format")
        if (cell.column is None) == (cell.value is None):
            part.bad("", 'needs either a column or one value for all rows: { column = "…" } or { value = "…" }')
        return cell

    def sections(self, key: str) -> Iterator[tuple[str, _Section]]:
        """The tables below `key`, of which each may be one table or a list of them."""
        for name, value in self.take(key, dict, {}).items():
            for each in value if isinstance(value, list) else [value]:
                yield name, _Section(self.path, f"{key}.{name}", each)

    def finish(self, *known: str) -> None:
        if unknown := next(iter(self._values), None):
            near = get_close_matches(unknown, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            self.bad(unknown, f"is not known here; {hint}")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def read_mapping(path: Path) -> TableMapping:
    """Read and check a mapping file. Raises :class:`BadMapping`, which names the file, the key and what to do."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadMapping(path, f"it is no TOML file in UTF-8: {error}") from error
    top = _Section(path, "", values)
    stem = path.name.removesuffix(SUFFIX) if path.name.endswith(SUFFIX) else path.stem
    multiple = top.take("multiple", str, "|")
    subject = _Section(path, "subject", top.needed("subject", dict, 'a table [subject] with id = "imdb:{imdb_id}"'))
    identifier = subject.template("id", subject.needed("id", str, 'id = "imdb:{imdb_id}"'))
    assert identifier is not None
    if "" in [column for column, _ in identifier.fields]:
        subject.bad("id", "must name its columns: {column}, not {}")
    attributes = _Section(path, "attributes", top.take("attributes", dict, {}))
    where = _Section(path, "where", top.take("where", dict, {}))
    mapping = TableMapping(
        path=path,
        source=top.take("source", str, stem.partition(".")[0]),
        table=top.take("table", str) or (stem if Path(stem).suffix.lower() in (*TABLES, *_PACKED) else f"{stem}.*"),
        separator=top.take("separator", str),
        multiple=multiple,
        missing=tuple(dict.fromkeys(["", *top.texts("missing")])),
        where={column: frozenset(where.texts(column)) for column in list(where._values)},
        id=identifier,
        type=_type(subject),
        label=subject.cell("label"),
        other_labels=subject.take("other_labels", str),
        attributes={name: cell for name in ATTRIBUTES if (cell := attributes.cell(name)) is not None},
        links=tuple(_link(name, section, multiple) for name, section in top.sections("relations")),
        same_as=tuple(t for text in subject.texts("same_as") if (t := subject.template("same_as", text))),
        audience=_rows(top, "audience", _AUDIENCE, ("country", "size", "unit")),
        viewings=_rows(top, "viewings", _VIEWINGS, ("viewer",)),
    )
    subject.finish("id", "type", "label", "other_labels", "same_as")
    attributes.finish(*ATTRIBUTES)
    top.finish(
        "source",
        "table",
        "separator",
        "multiple",
        "missing",
        "where",
        "subject",
        "attributes",
        "relations",
        "audience",
        "viewings",
    )
    if mapping.separator is not None and len(mapping.separator) != 1:
        top.bad("separator", f"should be one character, not {mapping.separator!r}")
    return mapping


def _type(subject: _Section) -> Cell | None:
    """The type of the subject: text names the type itself, a table the column that tells it."""
    if isinstance(subject._values.get("type"), str):
        return Cell(value=subject.take("type", str))
    return subject.cell("type")


def _link(relation: str, section: _Section, multiple: str) -> Link:
    column = section.take("column", str)
    text = section.take("id", str, "{}" if column else None)
    if text is None:
        section.bad("id", 'is missing; write for example column = "composer" and id = "person:studio/{:slug}"')
    template = section.template("id", text)
    assert template is not None
    if column is None and "" in [c for c, _ in template.fields]:
        section.bad("id", "uses {}, the value of a column, but no column is named; add column = …")
    if column is not None and template.columns:
        section.bad(
            "id",
            f"takes {template.columns[0]!r} from the row; with column = … only {{}}, the value itself, can be used",
        )
    label = section._values.pop("label", None)
    if label is not None and not isinstance(label, str | bool):
        section.bad("label", f"should be true, false or the name of a column, not {label!r}")
    link = Link(
        relation=relation,
        id=template,
        column=column,
        type=section.take("type", str),
        label=label if isinstance(label, str) else None,
        labelled=bool(label) if label is not None else column is not None and template.names_things,
        separator=section.take("separator", str, multiple),
        weight=section.take("weight", str),
    )
    section.finish("column", "id", "type", "label", "separator", "weight")
    return link


def _rows(
    top: _Section, key: str, known: tuple[str, ...], needed: tuple[str, ...]
) -> dict[str, Cell | Template] | None:
    """The columns of audience sizes or viewings; identifiers are templates."""
    values = top.take(key, dict)
    if values is None:
        return None
    section = _Section(top.path, key, values)
    found: dict[str, Cell | Template] = {}
    for name in known:
        if name in ("title", "viewer"):
            text = section.take(name, str)
            template = section.template(name, text)
            if template is not None:
                found[name] = template
        elif (cell := section.cell(name)) is not None:
            found[name] = cell
    for name in needed:
        if name not in found:
            section.bad(name, f"is missing; {key} needs {', '.join(needed)}")
    section.finish(*known)
    return found
