"""What Wikidata says of the kept items, as facts, titles, names and identities."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa

from ingest.building import BatchBuilder
from ingest.dumps.numbered import Numbers, numbers
from ingest.dumps.wikidata.kept import Kept
from ingest.dumps.wikidata.meaning import Identifier, Meaning, Statement
from ingest.dumps.wikidata.spool import Spool
from ingest.names import (
    clean_label,
    country_code,
    country_id,
    country_label,
    each,
    genre_id,
    language_code,
    language_id,
    language_label,
)
from ingest.sources.common import genre_label, hint_id

_KINDS = {"Film": "film", "Series": "series", "Book": "book"}
_DATE = re.compile(r"(-?\d{1,6})-(\d\d)-(\d\d)T.*")
#: Minutes; longer is a mistake, or the whole of a series.
_LONGEST = 1000
#: "Drama film" is the genre drama of films.
_MEDIUM = re.compile(
    r"\s+(?:films?|movies?|(?:television|TV) (?:series|program(?:me)?|show)|series|anime|manga|novels?)$", re.IGNORECASE
)


def _genre_label(text: str) -> str:
    return genre_label(_MEDIUM.sub("", text))


#: For values that are known here by name: their identifier, their label, and their code where there is one.
_NAMED: dict[str, tuple[Callable[[str], str | None], Callable[[str], str], Callable[[str], str | None] | None]] = {
    "genre": (lambda text: genre_id(_MEDIUM.sub("", text)), _genre_label, None),
    "country": (country_id, lambda text: country_label(country_code(text) or text), country_code),
    "language": (language_id, lambda text: language_label(language_code(text) or text), language_code),
}


class Said:
    """Statements about kept items on their way into a batch."""

    def __init__(self, spool: Spool, meaning: Meaning, kept: Kept, out: BatchBuilder) -> None:
        self.spool, self.meaning, self.kept, self.out = spool, meaning, kept, out

    def take(self) -> None:
        """Take all of it in."""
        stated = self.spool.about(self.kept.items, list(self.meaning.relations))
        stated = stated.append_column("target", pa.array(numbers(stated["value"], "Q")))
        facts = stated.to_pandas().drop(columns="value")
        facts = facts[facts["target"] >= 0]
        described = Numbers("Q")
        described.put(self.kept.items.values())
        described.put(facts["target"].to_numpy())
        labels = self._labels(described)
        how = facts["property"].map({p: s.named for p, s in self.meaning.relations.items()})
        things = facts[how.isna()]
        self._things(things, labels)
        names = {kind: self._names(facts[how == kind], kind, labels) for kind in _NAMED}
        self._titles(labels, names)
        identified = Numbers("Q")
        identified.put(self.kept.items.values())
        identified.put(things["target"].to_numpy())
        for identifier in self.meaning.identifiers:
            self._identities(identifier, identified)

    def _labels(self, items: Numbers) -> pd.Series:
        """The label of each item, where it has one."""
        said = self.spool.labels(items).to_pandas()
        said = said.sort_values("property", kind="stable").drop_duplicates("item")  # the English one first
        return said.set_index("item")["value"].map(clean_label)

    def _things(self, facts: pd.DataFrame, labels: pd.Series) -> None:
        """Facts between items, and the items that kept ones name."""
        relations = self.meaning.relations
        self.out.add(
            "facts",
            pd.DataFrame(
                {
                    "head": _ids(facts["item"]),
                    "relation": facts["property"].map({p: s.relation for p, s in relations.items()}),
                    "tail": _ids(facts["target"]),
                }
            ).drop_duplicates(),
        )
        order = {p: i for i, p in enumerate(relations)}
        named = facts.sort_values("property", key=lambda p: p.map(order), kind="stable").drop_duplicates("target")
        named = named[~self.kept.items.holds(named["target"].to_numpy())]
        asked = named["property"].map({p: s.type for p, s in relations.items()})
        types = [own or other for own, other in zip(self.kept.types(named["target"].to_numpy()), asked, strict=True)]
        self.out.add(
            "entities",
            pd.DataFrame(
                {"id": _ids(named["target"]), "type": types, "label": _of(named["target"], labels).astype("str")}
            ),
        )

    def _names(self, facts: pd.DataFrame, kind: str, labels: pd.Series) -> pd.Series:
        """Facts about what is known here by name; the codes that they give to each item, a list an item."""
        to_id, label, to_code = _NAMED[kind]
        rows = facts.assign(id=_ids(facts["item"]), name=_of(facts["target"], labels)).dropna(subset="name")
        hints = rows["name"].map(hint_id).notna() if kind == "genre" else pd.Series(False, index=rows.index)
        self.out.relate(rows[hints], "adaptation_hint", "name", hint_id, type="Hint")
        rows = rows[~hints]
        for relation, statements in self._by_relation(kind).items():
            here = rows[rows["property"].isin(list(statements))].drop_duplicates(["id", "target"])
            type = next(iter(statements.values())).type
            unknown = self.out.relate(here, relation, "name", to_id, type=type, label=label)
            reasons = [f"no {kind} is called {name}" for name in unknown.unique()]
            self.out.add("rejected", pd.DataFrame({"reason": reasons}))
        if to_code is None:
            return pd.Series(dtype=object)
        codes = rows.assign(code=each(rows["name"], to_code)).dropna(subset="code").drop_duplicates(["item", "code"])
        return codes.groupby("item")["code"].agg(list)

    def _by_relation(self, kind: str) -> dict[str, dict[str, Statement]]:
        """The properties with names of a kind, by the relation that they are."""
        found: dict[str, dict[str, Statement]] = {}
        for property, statement in self.meaning.relations.items():
            if statement.named == kind:
                found.setdefault(statement.relation, {})[property] = statement
        return found

    def _titles(self, labels: pd.Series, names: dict[str, pd.Series]) -> None:
        """The kept items themselves, and what is known of works."""
        items = pd.Series(self.kept.items.values())
        said = self.spool.about(self.kept.items, list(self.meaning.attributes)).to_pandas()
        said["kind"] = said["property"].map(dict(self.meaning.attributes))
        label = _of(items, labels).astype("str")
        own = said[said["kind"] == "name"].groupby("item")["value"].agg(lambda some: list(dict.fromkeys(some)))
        others = [
            [o for o in map(clean_label, some) if o != known] or None if isinstance(some, list) else None
            for some, known in zip(_of(items, own), label, strict=True)
        ]
        types = self.kept.types(items.to_numpy())
        entities = pd.DataFrame({"id": _ids(items), "type": types, "label": label, "other_labels": others})
        self.out.add("entities", entities)
        dates = _dates(said[said["kind"] == "date"])
        minutes = said[said["kind"] == "minutes"].drop_duplicates("item").set_index("item")["value"]
        runtime = pd.to_numeric(minutes, errors="coerce")
        titles = pd.DataFrame(
            {
                "title": _ids(items),
                "kind": pd.Series(types).map(_KINDS),
                "year": _of(items, dates["year"]).astype("Int64"),
                "launch": _of(items, dates["launch"]),
                "runtime": _of(items, runtime.where((runtime > 0) & (runtime < _LONGEST))).astype("float64"),
                "countries": _lists_of(items, names["country"]),
                "languages": _lists_of(items, names["language"]),
            }
        )
        titles = titles[titles["kind"].notna()]
        self.out.add("titles", titles.assign(launch=titles["launch"].where(titles["kind"] != "book")))

    def _identities(self, identifier: Identifier, items: Numbers) -> None:
        """What other catalogues call `items`; where that is not clear, it is only possible that they are the same."""
        said = self.spool.about(items, [identifier.property]).to_pandas().drop_duplicates()
        said = said[said["value"].str.fullmatch(identifier.form)]
        unclear = said["value"].duplicated(keep=False)
        if not identifier.several:
            unclear |= said["item"].duplicated(keep=False)
        facts = {
            "head": _ids(said["item"]),
            "relation": np.where(unclear, "possibly_same_as", "same_as"),
            "tail": [identifier.id.replace("{}", value) for value in said["value"]],
        }
        self.out.add("facts", pd.DataFrame(facts))


def _dates(said: pd.DataFrame) -> pd.DataFrame:
    """The first year and the first full date of each item. The first of January also stands for the whole year."""
    parts = said["value"].str.extract(_DATE).set_axis(["year", "month", "day"], axis=1)
    known = parts.notna().all(axis=1)
    parts, items = parts[known], said.loc[known, "item"]
    full = ~((parts["month"] == "01") & (parts["day"] == "01")) & (parts["year"].str.len() == 4)
    days = pd.to_datetime(parts["year"] + "-" + parts["month"] + "-" + parts["day"], errors="coerce", format="%Y-%m-%d")
    frame = pd.DataFrame({"item": items, "year": parts["year"].astype("int64"), "launch": days.where(full)})
    return frame.groupby("item")[["year", "launch"]].min()


def _of(items: pd.Series, values: pd.Series) -> pd.Series:
    """The value of each item [n] in `values`, whose index are items; missing where there is none."""
    return values.reindex(items).set_axis(items.index)


def _lists_of(items: pd.Series, values: pd.Series) -> pd.Series:
    """The same where values are lists, and None where there is none: a column of NaN would be one of numbers."""
    lists = [value if isinstance(value, list) else None for value in values.reindex(items)]
    return pd.Series(lists, index=items.index, dtype=object)


def _ids(items: pd.Series) -> list[str]:
    return [f"wd:Q{item}" for item in items.tolist()]
