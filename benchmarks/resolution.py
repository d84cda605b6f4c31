"""How well entity resolution does on the reference catalogue: counts, a hand-checked sample, docs/resolution-report.md.

    python -m benchmarks.resolution [CATALOGUE] [--workspace DIR] [--write]
    python -m benchmarks.resolution [CATALOGUE] --workspace DIR --sample charts

The catalogue is ingested into DIR (a temporary folder unless given; one that exists is resolved again). With `--write`
the report is written. With `--sample` 100 merges of one kind are drawn and printed with what the sources say of both
sides, to be judged by hand: the pairs whose hashes come first, so that a rule that changes a few merges changes little
of the sample. Verdicts are kept in docs/resolution-sample.csv.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from ingest.names import each, normalise_title
from ingest.resolution import ResolutionReport, resolve
from ingest.resolution.things import Things
from ingest.run import ingest
from kg.knowledge_graph import KnowledgeGraph

ROOT = Path(__file__).parents[1]
CATALOGUE = ROOT.parent / "shared" / "data" / "catalogue"
SAMPLE, REPORT = ROOT / "docs" / "resolution-sample.csv", ROOT / "docs" / "resolution-report.md"
TEXT = Path(__file__).with_name("resolution_report.txt")
SIZE, SEED = 100, 2026
SHOWN = ("directed_by", "starring", "written_by", "based_on")


@dataclass(frozen=True)
class Measured:
    """A resolved workspace, what resolving it found, and what it cost: processor seconds, GiB of memory."""

    kg: KnowledgeGraph
    report: ResolutionReport
    seconds: float
    gibibytes: float


def measure(workspace: Path, catalogue: Path) -> Measured:
    """Ingest the catalogue unless that is done, and resolve it."""
    if workspace.exists():
        kg = KnowledgeGraph.open(workspace)
    else:
        kg = KnowledgeGraph.create(workspace)
        ingest(kg, [catalogue])
    started = time.process_time()
    report = resolve(kg)
    seconds = time.process_time() - started
    return Measured(kg, report, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)


# -- coverage


class Names:
    """The canonical identifiers of raw ones: as resolved, or by the sources' own identities only."""

    def __init__(self, kg: KnowledgeGraph) -> None:
        things = Things.read(kg)
        self._kg = kg
        self._stated = dict(zip(things.members["id"], things.members["thing"].map(things.ids), strict=True))

    def known(self, ids: pd.Series, others: Iterable[str]) -> tuple[str, str]:
        """How many of `ids` name something that one of `others` names: as resolved, and by identifiers alone."""
        others = pd.Series(list(others), dtype="str")
        resolved = [pd.Series(self._kg.canonical(pa.array(s, pa.string())).to_pylist()) for s in (ids, others)]
        stated = [s.map(self._stated) for s in (ids, others)]
        return share(resolved[0].isin(resolved[1])), share(stated[0].isin(stated[1]))


def share(flags: pd.Series) -> str:
    """The number and share of flags that are set: 1,643 of 2,262 (72.6 %)"""
    return f"{int(flags.sum()):,} of {len(flags):,} ({100 * flags.mean():.1f} %)"


def coverage(kg: KnowledgeGraph) -> pd.DataFrame:
    """What resolution is for, in figures: what, resolved, without (by the sources' identifiers alone)."""
    names, titles = Names(kg), kg.titles(raw=True)
    of = {source: group["title"] for source, group in titles.groupby("source")}
    tagged = kg.facts(["storyline", "adaptation_hint"], sources=["tmdb"], raw=True)["head"].unique()
    based = kg.facts(["based_on"], sources=["adaptations"], raw=True)
    with_id = ~based["head"].str.startswith("adaptation:")
    others = titles.loc[titles["source"] != "adaptations", "title"].unique()
    charted = titles[titles["source"] == "netflix_top10"]
    pairs = kg.audience(raw=True)[["title", "country"]].drop_duplicates()
    told = titles.loc[titles["summary"].notna(), "title"].unique()
    by_name = _named_alike(kg, charted, titles[titles["summary"].notna()])
    adapted, listed = based["tail"].drop_duplicates(), of["goodbooks"]
    rows = [
        ("MovieLens films with a keyword from TMDB", *names.known(of["movielens"], tagged)),
        ("chart titles with a summary", names.known(charted["title"], told)[0], share(charted["title"].isin(by_name))),
        ("their pairs with a country", names.known(pairs["title"], told)[0], share(pairs["title"].isin(by_name))),
        ("film–book pairs, film identified, that another source knows", *names.known(based["head"][with_id], others)),
        ("film–book pairs, film only named, that another source knows", *names.known(based["head"][~with_id], others)),
        ("film–book pairs whose book is in goodbooks", *names.known(based["tail"], listed)),
        ("adapted books that are in goodbooks", *names.known(adapted, listed)),
    ]
    return pd.DataFrame(rows, columns=["what", "resolved", "without"])


def _named_alike(kg: KnowledgeGraph, charted: pd.DataFrame, told: pd.DataFrame) -> set[str]:
    """Chart titles for which there is any title of that name and kind in `told`."""
    entities = kg.entities(raw=True).set_index("id")[["label", "other_labels"]]
    labels = told[["title", "kind"]].join(entities, on="title")
    others = labels[["kind", "other_labels"]].explode("other_labels").set_axis(["kind", "label"], axis=1)
    spelled = pd.concat([labels[["kind", "label"]], others])
    known = set(zip(spelled["kind"], each(spelled["label"], normalise_title), strict=True))
    keys = zip(charted["kind"], each(charted["title"].map(entities["label"]), normalise_title), strict=True)
    return set(charted["title"][[key in known for key in keys]])


# -- the hand-checked sample


def draw(report: ResolutionReport, kind: str) -> pd.DataFrame:
    """SIZE merges of a kind: those whose hashes come first."""
    merges = report.merges[report.merges["kind"] == kind]
    hashes = [
        hashlib.blake2b(f"{SEED} {a} {b}".encode(), digest_size=8).hexdigest()
        for a, b in zip(merges["a"], merges["b"], strict=True)
    ]
    return merges.assign(hash=hashes).sort_values("hash").head(SIZE).sort_values(["a", "b"], ignore_index=True)


def judged(report: ResolutionReport) -> pd.DataFrame:
    """One row a kind: pairs sampled, and how many of them were judged right, wrong, and not yet judged."""
    verdicts = pd.read_csv(SAMPLE).set_index(["a", "b"])["verdict"]
    rows = []
    for kind in ("titles", "charts", "books", "people", "tags"):
        found = verdicts.reindex(pd.MultiIndex.from_frame(draw(report, kind)[["a", "b"]]))
        counts = found.fillna("not judged").value_counts()
        rows.append((kind, len(found), *(int(counts.get(word, 0)) for word in ("right", "wrong", "not judged"))))
    return pd.DataFrame(rows, columns=["kind", "sampled", "right", "wrong", "not judged"])


def show(kg: KnowledgeGraph, pairs: pd.DataFrame) -> None:
    """Print what the sources say of both sides of each pair."""
    things = Things.read(kg)
    thing_of = things.members.set_index("id")["thing"]
    labels = things.labels.groupby("thing")["label"].agg(list)
    facts = kg.facts(raw=True)
    facts = facts[~facts["relation"].isin(kg.schema.identity_relations)]
    facts = facts.assign(head=facts["head"].map(thing_of), tail=facts["tail"].map(thing_of))
    charts = kg.audience(raw=True).groupby("title")
    where, since = charts["country"].unique(), charts["period_start"].min()
    for i, row in pairs.iterrows():
        print(f"\n[{i}] {row['a']} = {row['b']}: {row['confidence']} ({row['evidence']})")
        for id in (row["a"], row["b"]):
            thing = thing_of[id]
            told = things.titles[things.titles["thing"] == thing]
            print(f"    {id}:", " | ".join(labels.get(thing, [])[:4]))
            for description in told[["kind", "year", "launch", "runtime", "countries"]].to_dict("records"):
                print("       ", {k: v for k, v in description.items() if isinstance(v, str | list) or pd.notna(v)})
            for relation, some in facts[(facts["head"] == thing) & facts["relation"].isin(SHOWN)].groupby("relation"):
                print(f"        {relation}:", ", ".join(labels[t][0] for t in some["tail"].unique()[:5]))
            used = facts[facts["tail"] == thing].head(6)
            print("        of:", ", ".join(labels[h][0] for h in used["head"]) or "–")
            print("       ", *told["summary"].dropna().str[:150][:1])
            if id in since:
                print(f"        in charts since {since[id]}:", ", ".join(where[id][:12]))


# -- the report


def markdown(frame: pd.DataFrame) -> str:
    rows = [list(frame.columns), ["---"] * len(frame.columns), *frame.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)


def written(measured: Measured) -> str:
    """docs/resolution-report.md: its text with the figures of this run."""
    report = measured.report
    reasons = report.merges.groupby(["kind", "evidence"], sort=False).size().rename("merges").reset_index()
    reasons = reasons.sort_values("merges", ascending=False).groupby("kind", sort=False).head(6)
    return TEXT.read_text(encoding="utf-8").format(
        seconds=f"{measured.seconds:.0f}",
        gibibytes=f"{measured.gibibytes:.1f}",
        by_identifier=f"{report.by_identifier:,}",
        counts=markdown(report.to_frame().rename(columns={"lowest": "lowest confidence", "mean": "mean confidence"})),
        coverage=markdown(coverage(measured.kg)),
        samples=markdown(judged(report)),
        reasons=markdown(reasons.sort_values(["kind", "merges"], ascending=[True, False])),
        conflicts=markdown(report.conflicts),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalogue", nargs="?", type=Path, default=CATALOGUE)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--sample", metavar="KIND")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(asked.workspace or Path(folder) / "workspace", asked.catalogue)
        if asked.sample:
            show(measured.kg, draw(measured.report, asked.sample))
            return
        text = written(measured)
    print(text)
    if asked.write:
        REPORT.write_text(text, encoding="utf-8")
        print(f"wrote {REPORT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
