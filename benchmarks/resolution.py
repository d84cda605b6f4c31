"""How well entity resolution does on the reference catalogue: counts, a hand-checked sample, and docs/resolution-report.md.

    python -m benchmarks.resolution [CATALOGUE] [--workspace DIR] [--write]
    python -m benchmarks.resolution [CATALOGUE] --workspace DIR --sample charts --seed 2021

The catalogue is ingested into DIR (a temporary folder unless given; one that exists is resolved again). With `--write`
the report is written; with `--sample` 100 merges of one kind are drawn and printed with what the sources say of both
sides, to be judged by hand. Verdicts are kept in docs/resolution-sample.csv.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from ingest.names import normalise_title
from ingest.resolution import ResolutionReport, resolve
from ingest.resolution.things import Things
from ingest.run import ingest
from kg.knowledge_graph import KnowledgeGraph

ROOT = Path(__file__).parents[1]
CATALOGUE = ROOT.parent / "shared" / "data" / "catalogue"
SAMPLE, REPORT = ROOT / "docs" / "resolution-sample.csv", ROOT / "docs" / "resolution-report.md"
SIZE = 100
SHOWN = ("directed_by", "starring", "written_by", "based_on")


@dataclass(frozen=True)
class Measured:
    """A resolved workspace, what resolving it found, and what it cost."""

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


class Names:
    """The canonical identifier of every raw one: as resolved, and by the sources' own identities only."""

    def __init__(self, kg: KnowledgeGraph) -> None:
        things = Things.read(kg)
        self.kg = kg
        self.by_sources = dict(zip(things.members["id"], things.members["thing"].map(things.ids), strict=True))

    def resolved(self, ids: pd.Series) -> pd.Series:
        return pd.Series(self.kg.canonical(pa.array(ids, pa.string())).to_pylist(), index=ids.index)

    def stated(self, ids: pd.Series) -> pd.Series:
        return ids.map(self.by_sources)


def coverage(kg: KnowledgeGraph) -> dict[str, str]:
    """The figures that say what resolution is for: (what, how many of how many)."""
    names, titles = Names(kg), kg.titles(raw=True)
    films = titles.loc[titles["source"] == "movielens", "title"]
    tagged = kg.facts(["storyline", "adaptation_hint"], sources=["tmdb"], raw=True)["head"].drop_duplicates()
    found = {
        "MovieLens films with a keyword from TMDB": share(names.resolved(films).isin(names.resolved(tagged))),
        "… by the sources' identifiers alone": share(names.stated(films).isin(names.stated(tagged))),
    }
    return found | charts(kg, names, titles) | adaptations(kg, names, titles)


def charts(kg: KnowledgeGraph, names: Names, titles: pd.DataFrame) -> dict[str, str]:
    """Chart titles, and pairs of title and country, with a summary."""
    charted = titles[titles["source"] == "netflix_top10"]
    pairs = kg.audience(raw=True)[["title", "country"]].drop_duplicates()
    told = titles[titles["summary"].notna()]
    described = set(names.resolved(told["title"]))
    labels = kg.entities(raw=True).set_index("id")
    every = labels.loc[told["title"].unique()]
    spelled = pd.concat([every["label"], every["other_labels"].explode()]).dropna()
    kinds = told.drop_duplicates("title").set_index("title")["kind"]
    known = set(zip(kinds.reindex(spelled.index), spelled.map(normalise_title), strict=True))
    keys = charted["title"].map(labels["label"]).map(normalise_title)
    by_name = set(charted["title"][[pair in known for pair in zip(charted["kind"], keys, strict=True)]])
    return {
        "Netflix chart titles with a summary": share(names.resolved(charted["title"]).isin(described)),
        "… if any title of that name and kind counted": share(charted["title"].isin(by_name)),
        "title–country pairs of the charts with a summary": share(names.resolved(pairs["title"]).isin(described)),
        "… if any title of that name and kind counted ": share(pairs["title"].isin(by_name)),
    }


def adaptations(kg: KnowledgeGraph, names: Names, titles: pd.DataFrame) -> dict[str, str]:
    """Film–book pairs whose film, or book, another source knows."""
    pairs = kg.facts(["based_on"], sources=["adaptations"], raw=True)
    others = titles.loc[titles["source"] != "adaptations", "title"]
    known, stated = set(names.resolved(others)), set(names.stated(others))
    by_id = ~pairs["head"].str.startswith("adaptation:")
    listed = titles.loc[titles["source"] == "goodbooks", "title"]
    books = pairs["tail"].drop_duplicates()
    film = names.resolved(pairs["head"]).isin(known)
    return {
        "film–book pairs with an identifier of the film whose film another source knows": share(film[by_id]),
        "… by the sources' identifiers alone ": share(names.stated(pairs["head"]).isin(stated)[by_id]),
        "film–book pairs without one whose film another source knows": share(film[~by_id]),
        "film–book pairs whose book is in goodbooks": share(names.resolved(pairs["tail"]).isin(set(names.resolved(listed)))),
        "… by the sources' identifiers alone  ": share(names.stated(pairs["tail"]).isin(set(names.stated(listed)))),
        "adapted books that are in goodbooks": share(names.resolved(books).isin(set(names.resolved(listed)))),
        "… by the sources' identifiers alone   ": share(names.stated(books).isin(set(names.stated(listed)))),
    }


def share(flags: pd.Series) -> str:
    """ "1,643 of 2,262 (72.6 %)" """
    return f"{int(flags.sum()):,} of {len(flags):,} ({100 * flags.mean():.1f} %)"


# -- the hand-checked sample


def draw(report: ResolutionReport, kind: str, seed: int) -> pd.DataFrame:
    """SIZE merges of a kind, drawn at random."""
    merges = report.merges[report.merges["kind"] == kind].sort_values(["a", "b"], ignore_index=True)
    return merges.sample(SIZE, random_state=seed).sort_index(ignore_index=True)


def show(kg: KnowledgeGraph, pairs: pd.DataFrame) -> None:
    """Print what the sources say of both sides of each pair."""
    things = Things.read(kg)
    members = things.members.set_index("id")
    labels = things.labels.groupby("thing")["label"].agg(list)
    facts = kg.facts(raw=True)
    facts = facts[~facts["relation"].isin(kg.schema.identity_relations)]
    facts = facts.assign(head=facts["head"].map(members["thing"]), tail=facts["tail"].map(members["thing"]))
    charts = kg.audience(raw=True).groupby("title")
    where, since = charts["country"].unique(), charts["period_start"].min()
    for row in pairs.itertuples():
        print(f"\n[{row.Index}] {row.a} = {row.b}: {row.confidence} ({row.evidence})")
        for id in (row.a, row.b):
            thing = members.loc[id, "thing"]
            told = things.titles[things.titles["thing"] == thing]
            print("   ", id, *labels.get(thing, [])[:4], sep=" | ")
            print("       ", told[["kind", "year", "launch", "runtime", "countries"]].drop_duplicates().to_dict("records"))
            for relation, some in facts[facts["head"] == thing].groupby("relation"):
                if relation in SHOWN:
                    print(f"        {relation}:", [labels[t][0] for t in some["tail"].unique()[:5]])
            used = facts[facts["tail"] == thing]
            print("        used by:", [(r, labels[h][0]) for r, h in zip(used["relation"], used["head"], strict=True)][:6])
            print("       ", *told["summary"].dropna().str[:150][:1], id in since and (since[id], *where[id][:8]))


def judged(report: ResolutionReport) -> pd.DataFrame:
    """One row a kind: the seed and size of its last sample, how many were right, and how many are still merged."""
    verdicts = pd.read_csv(SAMPLE)
    merged = set(zip(report.merges["a"], report.merges["b"], strict=True))
    verdicts["merged"] = [pair in merged for pair in zip(verdicts["a"], verdicts["b"], strict=True)]
    verdicts["right"] = verdicts["verdict"] == "right"
    groups = verdicts.groupby(["kind", "seed"], sort=False)
    return groups.agg(sampled=("right", "size"), right=("right", "sum"), merged=("merged", "sum")).reset_index()


# -- the report


def markdown(frame: pd.DataFrame) -> str:
    rows = [frame.columns, ["---"] * len(frame.columns), *frame.itertuples(index=False)]
    return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)


def written(measured: Measured) -> str:
    """docs/resolution-report.md: its text around the figures of this run."""
    kg, report = measured.kg, measured.report
    figures = pd.DataFrame([(k.strip(), v) for k, v in coverage(kg).items()], columns=["what", "how many"])
    counts = report.to_frame().rename(columns={"lowest": "lowest confidence", "mean": "mean confidence"})
    reasons = report.merges.groupby(["kind", "evidence"], sort=False).size().rename("merges").reset_index()
    reasons = reasons.sort_values(["kind", "merges"], ascending=[True, False]).groupby("kind").head(5)
    text = REPORT.with_suffix(".in.md").read_text(encoding="utf-8")
    return text.format(
        seconds=f"{measured.seconds:.0f}",
        gibibytes=f"{measured.gibibytes:.1f}",
        by_identifier=f"{report.by_identifier:,}",
        counts=markdown(counts),
        coverage=markdown(figures),
        samples=markdown(judged(report)),
        reasons=markdown(reasons),
        conflicts=markdown(report.conflicts),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalogue", nargs="?", type=Path, default=CATALOGUE)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--sample", metavar="KIND")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(asked.workspace or Path(folder) / "workspace", asked.catalogue)
        if asked.sample:
            show(measured.kg, draw(measured.report, asked.sample, asked.seed))
            return
        print(f"resolved in {measured.seconds:.1f} s of processor time, {measured.gibibytes:.2f} GiB\n")
        print(measured.report.text(), "\n")
        for what, how_many in coverage(measured.kg).items():
            print(f"{what.strip():80} {how_many}")
        print("\n" + judged(measured.report).to_string(index=False))
        if asked.write:
            REPORT.write_text(written(measured), encoding="utf-8")
            print(f"\nwrote {REPORT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
