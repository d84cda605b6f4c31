"""The charts as a task: titles described by one source, split by time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from embeddings.audiences import sizes
from embeddings.catalogue import Catalogue, Facts
from embeddings.content.texts import encode
from embeddings.graph import GraphSettings
from embeddings.links import link
from embeddings.prediction import TitleInputs
from embeddings.prediction.build import inputs_of
from embeddings.prediction.model import profiles_of
from embeddings.prediction.unit import Observed
from embeddings.views import view
from ingest.run import ingest
from kg.knowledge_graph import KnowledgeGraph

DESCRIBES, MEASURES, LEFT_OUT, WEEKS = "netflix_pages", "netflix_top10", "RU", 8
#: Sundays of the week in which a title first charts. The first four weeks are not scored.
FIRST_SCORED, TUNE = np.datetime64("2021-08-01"), np.datetime64("2022-02-06")
VALIDATE = np.datetime64("2022-04-03"), np.datetime64("2022-05-08")
TEST = np.datetime64("2022-07-03"), np.datetime64("2022-09-18")

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """n described titles in C countries, and all the titles that charted.

    Attributes:
        labels: of the titles, [n]; countries: codes, [C].
        inputs: what their pages say; vectors "summary" and "graph".
        observed: what they gathered, [n, C].
        week: Sunday of the first week in a chart, [n].
        everybody, everybody_week: profiles [all, C] and first weeks [all] of all charting titles, described or not.
        texts: summary and tags of each title as words.
    """

    labels: list[str]
    countries: list[str]
    inputs: TitleInputs
    observed: Observed
    week: npt.NDArray[np.datetime64]
    everybody: npt.NDArray[np.float64]
    everybody_week: npt.NDArray[np.datetime64]
    texts: list[str]

    def until(self, last: np.datetime64) -> Rows:
        """Titles first charting by that Sunday."""
        return np.flatnonzero(self.week <= last)

    def between(self, weeks: tuple[np.datetime64, np.datetime64]) -> Rows:
        """Titles first charting in these weeks."""
        return np.flatnonzero((self.week >= weeks[0]) & (self.week <= weeks[1]))

    def known(self, last: np.datetime64) -> npt.NDArray[np.float64]:
        """Profiles of all titles first charting by that Sunday."""
        return self.everybody[self.everybody_week <= last]


def read_task(path: Path, folder: Path, *, graph: bool = True, seed: int = 0) -> Task:
    """The task from a workspace that has both sources, or from the folder of their files (ingested into `folder`).

    The graph is trained on the describing source's content facts alone; what is kept in `folder` is not made again.
    """
    if (path / "workspace.toml").exists():
        kg = KnowledgeGraph.open(path)
        cache = path / "cache" / "texts"
    else:
        workspace = folder / "workspace"
        if workspace.exists():
            kg = KnowledgeGraph.open(workspace)
        else:
            kg = KnowledgeGraph.create(workspace)
            ingest(kg, [path / DESCRIBES, path / MEASURES])
        cache = workspace / "cache" / "texts"
    catalogue = Catalogue.of(kg)
    audience = kg.audience()
    audience = audience[(audience["source"] == MEASURES) & (audience["country"] != LEFT_OUT)]
    table = sizes(catalogue, audience, weeks=WEEKS)
    never = np.full(catalogue.num_titles, np.datetime64("NaT", "D"))
    titles, observed, countries, _ = profiles_of(table, never, WEEKS)
    week = observed.launch + np.timedelta64(6, "D")

    pages = kg.titles(raw=True)
    pages = pages[pages["source"] == DESCRIBES]
    pages = pages.assign(position=catalogue.positions(kg.canonical(pa.array(pages["title"], pa.string()))))
    pages = pages[pages["position"] >= 0].drop_duplicates("position").set_index("position")
    described = np.flatnonzero(np.isin(titles, pages.index))
    own = titles[described]
    facts = _facts(kg, catalogue)
    vectors = encode(pages["summary"].reindex(own).fillna("").tolist(), cache)
    views = {"summary": vectors}
    if graph:
        views["graph"] = _graph(catalogue, facts, own, folder, seed)
    inputs = inputs_of(catalogue, facts, [])[own]
    bags = dict(inputs.bags)
    kinds = pages["kind"].reindex(own)
    bags["kind"] = pd.DataFrame({"row": np.flatnonzero(kinds.notna()), "item": kinds.dropna().to_numpy()})
    inputs = TitleInputs(count=len(own), vectors={k: view(k, v, "").vectors for k, v in views.items()}, bags=bags)
    words = bags["tags"].assign(item=bags["tags"]["item"].str.replace(r"\W", "_", regex=True))
    tags = words.groupby("row")["item"].agg(" ".join).reindex(range(len(own))).fillna("")
    return Task(
        labels=catalogue.titles["label"].iloc[own].tolist(),
        countries=countries,
        inputs=inputs,
        observed=observed[described],
        week=week[described],
        everybody=observed.values,
        everybody_week=week,
        texts=[f"{a} {b}" for a, b in zip(pages["summary"].reindex(own).fillna(""), tags, strict=True)],
    )


def _facts(kg: KnowledgeGraph, catalogue: Catalogue) -> Facts:
    """Content facts that the describing source states."""
    frame = kg.facts()
    frame = frame[(frame["source"] == DESCRIBES) & ~frame["relation"].isin(catalogue.hidden)]
    ends = {name: kg.canonical(pa.array(frame[name], pa.string())).to_numpy(False) for name in ("head", "tail")}
    return catalogue.facts(frame.assign(**ends))


def _graph(catalogue: Catalogue, facts: Facts, own: Rows, folder: Path, seed: int) -> npt.NDArray[Any]:
    file = folder / f"graph-{seed}.npy"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        links = link(
            catalogue, facts, facts[np.arange(min(100, len(facts)))], GraphSettings(seed=seed), most_measured=100
        )
        np.save(file, links.vectors[: catalogue.num_titles].astype(np.float16), allow_pickle=False)
    return np.load(file)[own].astype(np.float32)
