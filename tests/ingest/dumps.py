"""Small dumps in the publishers' formats, written by us from common knowledge."""

from __future__ import annotations

import bz2
import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_NOTHING = "\\N"


def write(path: Path, text: str) -> Path:
    """Write `text` packed as the name of the file says."""
    data = text.encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes({".gz": gzip.compress, ".bz2": bz2.compress}.get(path.suffix, bytes)(data))
    return path


# -- IMDb

_BASICS = """\
tt0078788 movie|Apocalypse Now|Apocalypse Now|0|1979|147|Drama,Mystery,War
tt0315733 movie|21 Grams|21 Grams|0|2003|124|Crime,Drama,Thriller
tt0083658 movie|Blade Runner|Blade Runner|0|1982|117|Action,Drama,Sci-Fi
tt1856101 movie|Blade Runner 2049|Blade Runner 2049|0|2017|164|Action,Drama,Mystery
tt0245429 movie|Spirited Away|Sen to Chihiro no kamikakushi|0|2001|124|Adventure,Animation,Family
tt5753856 tvSeries|Dark|Dark|0|2017|60|Crime,Drama,Mystery
tt0959621 tvEpisode|Pilot|Pilot|0|2008|58|Crime,Drama,Thriller
tt0000001 short|Carmencita|Carmencita|0|1894|1|Documentary,Short
tt0000009 movie|Miss Jerry|Miss Jerry|0|1894|45|Romance
"""
_VOTES = {
    "tt0078788": 720_000, "tt0315733": 250_000, "tt0083658": 850_000, "tt1856101": 690_000, "tt0245429": 900_000,
    "tt5753856": 480_000, "tt0959621": 40_000, "tt0000001": 2_100, "tt0000009": 220,
}  # fmt: skip
_CREW = {
    "tt0078788": ("nm0000338", "nm0587518,nm0000338,nm0001881"),
    "tt0315733": ("nm0327944", "nm0037247"),
    "tt0083658": ("nm0000631", "nm0266684,nm0672459,nm0001140"),
    "tt1856101": ("nm0898288", "nm0266684,nm0338169"),
    "tt0245429": ("nm0594503", "nm0594503"),
    "tt5753856": (_NOTHING, _NOTHING),
    "tt0000009": ("nm0085156", "nm0085156"),
}
_PRINCIPALS = [
    ("tt0078788", "nm0000640", "actor", '["Captain Benjamin L. Willard"]'),
    ("tt0078788", "nm0000008", "actor", '["Colonel Walter E. Kurtz"]'),
    ("tt0078788", "nm0000338", "director", _NOTHING),
    ("tt0078788", "nm0005886", "cinematographer", _NOTHING),
    ("tt0078788", "nm0172806", "composer", _NOTHING),
    ("tt0315733", "nm0000576", "actor", '["Paul Rivers"]'),
    ("tt0315733", "nm0915208", "actress", '["Cristina Peck"]'),
    ("tt0000009", "nm0063086", "actress", '["Miss Geraldine Holbrook (Miss Jerry)"]'),
]
_PEOPLE = """\
nm0000338 Francis Ford Coppola
nm0587518 John Milius
nm0001881 Michael Herr
nm0000640 Martin Sheen
nm0000008 Marlon Brando
nm0005886 Vittorio Storaro
nm0172806 Carmine Coppola
nm0000576 Sean Penn
nm0915208 Naomi Watts
nm0327944 Alejandro G. Iñárritu
nm0037247 Guillermo Arriaga
nm0000631 Ridley Scott
nm0266684 Hampton Fancher
nm0898288 Denis Villeneuve
nm0594503 Hayao Miyazaki
nm0063086 Blanche Bayliss
nm0085156 Alexander Black
nm0000001 Fred Astaire
"""
_AKAS = """\
tt0078788|Apocalypse Now|US
tt0078788|Apocalypse Now Redux|US
tt0078788|Apocalipsis ahora|ES
tt0245429|千と千尋の神隠し|JP
tt0245429|Spirited Away|GB
tt0315733|21 Gramm|DE
"""


def imdb(folder: Path) -> Path:
    """The six tables of IMDb, gzipped."""

    def table(name: str, header: str, rows: Sequence[Sequence[str]]) -> None:
        lines = ["\t".join(row) for row in [header.split(), *rows]]
        write(folder / f"{name}.tsv.gz", "\n".join(lines) + "\n")

    basics = []
    for line in _BASICS.splitlines():
        tconst, rest = line.split(" ", 1)
        kind, title, original, adult, year, minutes, genres = rest.split("|")
        basics.append((tconst, kind, title, original, adult, year, _NOTHING, minutes, genres))
    table(
        "title.basics",
        "tconst titleType primaryTitle originalTitle isAdult startYear endYear runtimeMinutes genres",
        basics,
    )
    table("title.ratings", "tconst averageRating numVotes", [(t, "8.0", str(v)) for t, v in _VOTES.items()])
    table("title.crew", "tconst directors writers", [(t, *crew) for t, crew in _CREW.items()])
    table(
        "title.principals",
        "tconst ordering nconst category job characters",
        [(t, str(i), n, c, _NOTHING, who) for i, (t, n, c, who) in enumerate(_PRINCIPALS)],
    )
    table(
        "title.akas",
        "titleId ordering title region language types attributes isOriginalTitle",
        [
            (t, str(i), name, region, _NOTHING, "imdbDisplay", _NOTHING, "0")
            for i, (t, name, region) in enumerate(line.split("|") for line in _AKAS.splitlines())
        ],
    )
    table(
        "name.basics",
        "nconst primaryName birthYear deathYear primaryProfession knownForTitles",
        [
            (n, name, _NOTHING, _NOTHING, _NOTHING, _NOTHING)
            for n, name in (line.split(" ", 1) for line in _PEOPLE.splitlines())
        ],
    )
    return folder


# -- Open Library


def _record(type: str, key: str, record: dict[str, Any]) -> str:
    return "\t".join([f"/type/{type}", key, "3", "2024-01-01T00:00:00", json.dumps({"key": key} | record)])


def openlibrary(folder: Path, *, editions: int = 25) -> Path:
    """Works, authors and editions: two much printed novels and one that was printed once."""
    works = [
        ("OL39040W", "Heart of Darkness", "OL31302A", ["Fiction", "Trading posts", "Imperialism", "to-read"]),
        (
            "OL2172437W",
            "Do Androids Dream of Electric Sheep?",
            "OL274606A",
            ["Androids", "Science fiction", "Movie tie-ins"],
        ),
        ("OL10000049W", "Le crime organisé", "OL9999999A", ["Cinéma"]),
    ]
    lines = [
        _record(
            "work",
            f"/works/{key}",
            {
                "title": title,
                "authors": [{"type": {"key": "/type/author_role"}, "author": {"key": f"/authors/{author}"}}],
                "subjects": subjects,
                "first_publish_date": "1899" if key == "OL39040W" else "March 1968",
                "description": {
                    "type": "/type/text",
                    "value": "A voyage up the Congo River\ninto the heart of Africa.",
                },
            },
        )
        for key, title, author, subjects in works
    ]
    lines.append(_record("redirect", "/works/OL5W", {"location": "/works/OL39040W"}))
    write(folder / "ol_dump_works_2024-01-31.txt.gz", "\n".join(lines) + "\n")
    names = [
        ("OL31302A", "Joseph Conrad", ["Джозеф Конрад"], {"wikidata": "Q82925", "imdb": "nm0175676"}),
        ("OL274606A", "Philip K. Dick", [], {"wikidata": "Q171091"}),
        ("OL9999999A", "N. N.", [], {}),
    ]
    lines = [
        _record("author", f"/authors/{key}", {"name": name, "alternate_names": also, "remote_ids": ids})
        for key, name, also, ids in names
    ]
    write(folder / "ol_dump_authors_2024-01-31.txt.gz", "\n".join(lines) + "\n")
    lines = []
    for key, count, goodreads in (
        ("OL39040W", editions, "4900"),
        ("OL2172437W", editions, "7082"),
        ("OL10000049W", 1, "1"),
    ):
        for i in range(count):
            record: dict[str, Any] = {
                "title": "An edition",
                "works": [{"key": f"/works/{key}"}],
                "isbn_10": ["0140186522"],
            }
            if i == 1 or count == 1:
                record["identifiers"] = {"goodreads": [goodreads], "librarything": ["6"]}
            lines.append(_record("edition", f"/books/{key[:-1]}{i}M", record))
    write(folder / "ol_dump_editions_2024-01-31.txt.gz", "\n".join(lines) + "\n")
    return folder


# -- Wikidata

#: Items of Wikidata with their statements; values are items, or texts with their datatype after the last caret.
_TEXT = """\
Q182692 Apocalypse Now
  P31 Q11424; P144 Q842337; P57 Q56094; P58 Q56094; P58 Q517396; P161 Q184572; P161 Q34012; P136 Q369747; P136
  Q130232; P136 Q52162262; P495 Q30; P364 Q1860; P921 Q8740; P840 Q881; P840 Q424; P345 tt0078788^string; P4947
  28^string; P577 1979-05-10T00:00:00Z^dateTime; P577 1979-08-15T00:00:00Z^dateTime; P2047 +147^decimal; P1476
  Apocalypse Now^en
Q842337 Heart of Darkness
  P31 Q149537; P31 Q7725634; P50 Q82925; P577 1899-01-01T00:00:00Z^dateTime; P2969 4900^string; P648
  OL39040W^string; P840 Q974
Q184843 Blade Runner
  P31 Q11424; P144 Q605249; P57 Q56005; P136 Q471839; P495 Q30; P364 Q1860; P840 Q65; P345 tt0083658^string; P156
  Q21500755; P577 1982-06-25T00:00:00Z^dateTime
Q21500755 Blade Runner 2049
  P31 Q11424; P155 Q184843; P57 Q363989; P345 tt1856101^string
Q605249 Do Androids Dream of Electric Sheep?
  P31 Q7725634; P50 Q171091; P577 1968-01-01T00:00:00Z^dateTime
Q155653 Spirited Away
  P31 Q20650540; P345 tt0245429^string; P1476 千と千尋の神隠し^ja; P577 2001-01-01T00:00:00Z^dateTime
Q26225677 Dark
  P31 Q5398426; P345 tt5753856^string; P580 2017-12-01T00:00:00Z^dateTime; P495 Q183
Q56094 Francis Ford Coppola
  P31 Q5; P345 nm0000338^string
Q517396 John Milius
  P31 Q5; P345 nm0587518^string
Q184572 Martin Sheen
  P31 Q5; P345 nm0000640^string
Q34012 Marlon Brando
  P31 Q5; P345 nm0000008^string
Q82925 Joseph Conrad
  P31 Q5; P345 nm0175676^string; P648 OL31302A^string
Q171091 Philip K. Dick
  P31 Q5; P648 OL274606A^string
Q56005 Ridley Scott
  P31 Q5; P345 nm0000631^string
Q363989 Denis Villeneuve
  P31 Q5; P345 nm0898288^string
Q369747 war film
  P31 Q201658
Q130232 drama film
  P31 Q201658
Q471839 science fiction film
  P31 Q201658
Q52162262 film based on literature
  P31 Q201658
Q30 United States
  P31 Q6256
Q183 Germany
  P31 Q6256
Q1860 English
  P31 Q34770
Q8740 Vietnam War
  P31 Q198
Q881 Vietnam
  P31 Q6256
Q424 Cambodia
  P31 Q6256
Q974 Democratic Republic of the Congo
  P31 Q6256
Q65 Los Angeles
  P31 Q515
Q99999901 An unknown film
  P31 Q11424; P57 Q99999902
Q99999902 An unknown director
  P31 Q5
Q99999903 An album
  P31 Q482994; P86 Q34012; P345 tt9999999^string
"""


def _items() -> dict[str, tuple[str, dict[str, list[str]]]]:
    """Item → its label, and property → values."""
    items: dict[str, tuple[str, dict[str, list[str]]]] = {}
    for line in _TEXT.replace("\n  ", "\t").splitlines():
        name, _, rest = line.partition("\t")
        item, _, label = name.partition(" ")
        statements: dict[str, list[str]] = {}
        for statement in filter(None, rest.replace("\t", " ").split("; ")):
            property, _, value = statement.strip().partition(" ")
            statements.setdefault(property, []).append(value)
        items[item] = (label, statements)
    return items


_ITEMS = _items()
_WD, _WDT = "http://www.wikidata.org/entity/", "http://www.wikidata.org/prop/direct/"


def _literal(value: str) -> str:
    text, _, kind = value.rpartition("^")
    if kind == "string":
        return f'"{text}"'
    if kind in ("dateTime", "decimal"):
        return f'"{text}"^^<http://www.w3.org/2001/XMLSchema#{kind}>'
    escaped = "".join(c if c.isascii() else f"\\u{ord(c):04X}" for c in text)
    return f'"{escaped}"@{kind}'


def ntriples() -> str:
    """The items as the truthy dump has them, with much that nobody wants."""
    lines = []
    for item, (label, statements) in _ITEMS.items():
        subject = f"<{_WD}{item}>"
        lines.append(f'{subject} <http://schema.org/version> "1234"^^<http://www.w3.org/2001/XMLSchema#integer> .')
        for language in ("fr", "en"):
            text = f"«{label}»" if language == "fr" else label
            for predicate in ("http://www.w3.org/2000/01/rdf-schema#label", "http://schema.org/name"):
                lines.append(f'{subject} <{predicate}> "{text}"@{language} .')
        lines.append(f'{subject} <http://schema.org/description> "a thing, \\"quoted\\" \\\\ and all"@en .')
        for property, values in statements.items():
            for value in values:
                object = _literal(value) if "^" in value else f"<{_WD}{value}>"
                lines.append(f"{subject} <{_WDT}{property}> {object} .")
        lines.append(f'{subject} <{_WDT}P373> "Something on Commons" .')
    return "\n".join(lines) + "\n"


def _claim(value: str) -> dict[str, Any]:
    text, _, kind = value.rpartition("^")
    if not text:
        data: dict[str, Any] = {"value": {"entity-type": "item", "id": value}, "type": "wikibase-entityid"}
    elif kind == "string":
        data = {"value": text, "type": "string"}
    elif kind == "dateTime":
        year_only = text[5:10] == "01-01"
        time = "+" + (text.replace("-01-01", "-00-00") if year_only else text)
        data = {"value": {"time": time, "precision": 9 if year_only else 11}, "type": "time"}
    elif kind == "decimal":
        data = {"value": {"amount": text, "unit": f"{_WD}Q7727"}, "type": "quantity"}
    else:
        data = {"value": {"text": text, "language": kind}, "type": "monolingualtext"}
    return {"mainsnak": {"snaktype": "value", "datavalue": data}, "type": "statement", "rank": "normal"}


def wikidata_json() -> str:
    """The items as the JSON dump has them: a list with an entity on each line."""
    lines = []
    for item, (label, statements) in _ITEMS.items():
        claims = {p: [_claim(v) for v in values] for p, values in statements.items()}
        if item == "Q182692":  # a statement that is wrong, and one that nobody knows
            wrong = _claim("1978-01-01T00:00:00Z^dateTime") | {"rank": "deprecated"}
            claims["P577"] = [*claims["P577"], wrong]
            claims["P57"] = [
                *claims["P57"],
                {"mainsnak": {"snaktype": "somevalue"}, "type": "statement", "rank": "normal"},
            ]
        entity = {
            "type": "item",
            "id": item,
            "labels": {
                "fr": {"language": "fr", "value": f"«{label}»"}, "en": {"language": "en", "value": label},
            },
            "descriptions": {"en": {"language": "en", "value": "a thing"}},
            "aliases": {},
            "claims": claims,
            "sitelinks": {"enwiki": {"site": "enwiki", "title": label}},
        }  # fmt: skip
        lines.append(json.dumps(entity, separators=(",", ":")))
    return "[\n" + ",\n".join(lines) + "\n]\n"


def wikidata(folder: Path, packing: str = ".bz2") -> Path:
    """The truthy dump."""
    write(folder / f"latest-truthy.nt{packing}", ntriples())
    return folder
