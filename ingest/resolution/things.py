"""What the sources say, before anything is guessed: things, their names, and what is known to be one or to differ."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ingest.resolution.groups import Groups
from kg.aliases import resolve as unite
from kg.keys import Ints
from kg.knowledge_graph import KnowledgeGraph

#: Sources of this name space are what resolution wrote itself: it never reads them.
OWN = "resolution/"
#: Identifiers of these spaces stand for one thing each, so two of them are two things. Spaces made from names
#: (person:, book:) and of editions (goodreads:) are not among them.
ONE_EACH = frozenset(
    {"imdb", "imdbname", "tmdb", "tmdbtv", "wd", "dbr", "movielens", "netflix", "netflixlist", "netflixchart"}
    | {"justwatch", "metaqa", "adaptation"}
)
#: Sources that list each work once, under identifiers of a space that others use more loosely.
LISTS_ONCE = frozenset({"goodbooks"})


@dataclass(frozen=True)
class Things:
    """Everything the sources name; identifiers that they say are one are one thing, numbered 0…n−1.

    `members` has a row for every identifier: id, thing, type, prefix, label, other_labels. `titles` are the sources'
    descriptions of works, with a column thing. `groups` is what has been joined so far.
    """

    kg: KnowledgeGraph
    members: pd.DataFrame
    titles: pd.DataFrame
    groups: Groups

    @classmethod
    def read(cls, kg: KnowledgeGraph) -> Things:
        """The things of the newest snapshot."""
        entities = _mentioned(kg).sort_values("id", ignore_index=True)
        ids = pd.Index(entities["id"])
        identities = kg.facts(["same_as", "different_from"], raw=True)
        identities = identities[~identities["source"].str.startswith(OWN)]
        identities = identities.sort_values(["weight", "head", "tail"], ascending=[False, True, True])
        ends = np.stack([ids.get_indexer(identities["head"]), ids.get_indexer(identities["tail"])], axis=1)
        same = (identities["relation"] == "same_as").to_numpy()
        first = unite(len(ids), _pairs(ends[same]), _pairs(ends[~same]))
        thing = (np.cumsum(first == np.arange(len(ids))) - 1)[first]

        members = entities[["id", "type", "label", "other_labels"]]
        members = members.assign(thing=thing, prefix=members["id"].str.split(":", n=1).str[0])
        titles = kg.titles(raw=True)
        titles = titles.assign(thing=thing[ids.get_indexer(titles["title"])])
        groups = Groups(int(thing.max()) + 1 if len(thing) else 0)
        groups.differ(_pairs(thing[ends[~same]]))
        # A company has a page under every name it ever had.
        one_each = members[members["prefix"].isin(ONE_EACH) & (members["type"] != "Company")]
        for space, named in one_each.groupby("prefix")["thing"]:
            groups.mark(named.unique().tolist(), one=str(space))
        for source, listed in titles[titles["source"].isin(LISTS_ONCE)].groupby("source")["thing"]:
            groups.mark(listed.unique().tolist(), one=f"listed in {source}")
        return cls(kg, members, titles, groups)

    def __len__(self) -> int:
        return len(self.groups)

    @cached_property
    def ids(self) -> pd.Series:
        """The identifier that each thing goes by: the first in the order of the alphabet."""
        return self.members.groupby("thing")["id"].first()

    def number(self, ids: pa.ChunkedArray) -> Ints:
        """int64 [n]: the thing that each identifier names."""
        at = pc.index_in(ids, value_set=pa.array(self.members["id"], pa.string()))
        return self.members["thing"].to_numpy()[at.to_numpy()]

    def of_type(self, *names: str) -> Ints:
        """int64 [n]: the things that a source says are of one of the types `names`, or of one below it."""
        types = set().union(*(self.kg.schema.subtypes(name) for name in names))
        return np.unique(self.members.loc[self.members["type"].isin(types), "thing"].to_numpy())

    def in_spaces(self, *prefixes: str) -> Ints:
        """int64 [n]: the things with an identifier in one of the spaces `prefixes`."""
        return np.unique(self.members.loc[self.members["prefix"].isin(prefixes), "thing"].to_numpy())

    def facts(self, *relations: str) -> pd.DataFrame:
        """The sources' statements of `relations`, with things for identifiers: head, relation, tail, each once."""
        table = self.kg.facts_table(relations, raw=True)
        heads, tails = self.number(table["head"]), self.number(table["tail"])
        frame = pd.DataFrame({"head": heads, "relation": table["relation"].to_pandas(), "tail": tails})
        return frame.drop_duplicates(ignore_index=True)

    @cached_property
    def labels(self) -> pd.DataFrame:
        """Every name of every thing: thing, label, other (whether it is only among the other names), each once.

        A number that stands in for a missing name is none.
        """
        members = self.members
        local = members["id"].str.replace(r"^[^:]*:", "", regex=True)
        numbered = local.str.fullmatch(r"[a-z]{0,2}\d+") & (members["prefix"] != "dbr")
        names = members.loc[~(numbered & (members["label"] == local)), ["thing", "label"]].assign(other=False)
        others = members[["thing", "other_labels"]].dropna().explode("other_labels").assign(other=True)
        both = pd.concat([names, others.rename(columns={"other_labels": "label"})])
        return both.dropna().drop_duplicates(["thing", "label"], ignore_index=True)


def _pairs(ends: Ints) -> list[tuple[int, int]]:
    return [(int(a), int(b)) for a, b in ends]


def _mentioned(kg: KnowledgeGraph) -> pd.DataFrame:
    """The entities of which a source says anything now: rows stay when a source takes its words back."""
    facts = kg.dataset("facts").to_table(columns=["head", "tail"], filter=~pc.starts_with(pc.field("source"), OWN))
    columns = [facts["head"], facts["tail"]]
    columns += [kg.dataset(name).to_table(columns=["title"])["title"] for name in ("titles", "audience", "viewings")]
    mentioned = pc.unique(pa.chunked_array([chunk for column in columns for chunk in column.chunks], pa.string()))
    entities = kg.entities(raw=True)
    known = pc.is_in(pa.array(entities["id"], pa.string()), value_set=mentioned)
    return entities[known.to_numpy(zero_copy_only=False)]
