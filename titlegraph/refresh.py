"""From sources to a promoted release, stage by stage."""

from __future__ import annotations

import dataclasses
import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from embeddings.content.given import hashes
from embeddings.content.settings import ContentSettings
from embeddings.errors import NoRelease, ReleaseDamaged, ReleaseError, UnknownSetting
from embeddings.gate import GateSettings, judge
from embeddings.graph import GraphSettings
from embeddings.release import RELEASES, Release, names, promote, verify
from embeddings.release_build import write_release
from embeddings.release_settings import ReleaseSettings
from embeddings.release_stages import Build
from embeddings.stages import Did, Stages
from kg.knowledge_graph import KnowledgeGraph
from titlegraph.errors import Refused
from titlegraph.log import log
from titlegraph.progress import Progress
from titlegraph.refresh_parts import only_one, read_report, take_in, write_report

#: Where the outputs of stages are kept, and which stages there are.
STAGES = Path("cache") / "stages"
STAGE_NAMES = ("graph", "links", "content", "fusion", "audience", "recommender", "maps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a refresh did: the promoted release, whether it is new, and what was measured on it.

    `version` is the version of the workspace that the release was made from; `suspects` are sources that vanished or
    came back empty, and of which nothing was taken back.
    """

    release: str
    new: bool
    version: int
    metrics: dict[str, Any] = field(repr=False)
    suspects: tuple[str, ...] = ()

    @property
    def protocol(self) -> str:
        """How link prediction was measured, in words."""
        return str(self.metrics["link_prediction"]["protocol"])

    def table(self) -> pd.DataFrame:
        """Link prediction on the held-out facts, overall and by relation, two questions a fact."""
        figures = self.metrics["link_prediction"]
        rows = {"all": figures} | figures["by_relation"]
        return pd.DataFrame(
            [
                {
                    "relation": name,
                    "questions": row["count"],
                    "mrr": row["mrr"],
                    "hits@1": row["hits@1"],
                    "hits@10": row["hits@10"],
                }
                for name, row in rows.items()
            ]
        )


def refresh(workspace: str | Path, *, force: bool = False, progress: Progress | None = None) -> Outcome:
    """Ingest the sources that ``workspace.toml`` lists, make a release if anything has changed, and promote it if it is
    no worse than the promoted one.

    Tables and the promoted release are checked byte by byte before anything is made of them. What was done before for
    the same inputs, by this refresh or one that was killed, is not done again; the graph goes on from the promoted
    release, whose space the new one shares. With `force` a release is made in any case, all of it from nothing, without
    the promoted one if that is damaged. A source that vanished or came back empty is left as it was and named in the
    outcome's `suspects`.
    What happened is kept in ``reports/<release>.json``.

    Raises:
        kg.errors.WorkspaceDamaged, embeddings.errors.ReleaseDamaged: a file is not what was written; it is named.
        Refused: the gate refused the release, which is kept; or nothing has changed since it did.
        Busy: another refresh of the workspace is running.
        kg.errors.KnowledgeGraphError, ingest.errors.IngestError, embeddings.errors.EmbeddingError: of the stages.
    """
    path = KnowledgeGraph.open(workspace).workspace.path
    with only_one(path):
        began = begin(path, force=force, progress=progress)
        if began.outcome is not None:
            return began.outcome
        build = build_of(path, began, progress)
        folder = write_release(build)
        return settle(path, folder, began)


@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    """How a refresh began, ready for JSON but for the outcome, which is there if nothing is to be done.

    Attributes:
        version: of the workspace, after the sources were taken in.
        promoted: the release that was promoted then.
        suspects: sources that vanished or came back empty.
        force: whether all is to be made from nothing.
        time: seconds since the epoch.
    """

    version: int
    promoted: str | None
    suspects: tuple[str, ...]
    force: bool
    time: float
    outcome: Outcome | None = None


def begin(path: Path, *, force: bool = False, progress: Progress | None = None) -> Began:
    """Take in the sources, and see whether anything is to be done. For the holder of the refresh's lock."""
    now = time.time()
    kg = KnowledgeGraph.open(path)
    settings = release_settings(kg.workspace.settings)
    GateSettings.of(kg.workspace.settings.get("gate", {}))  # wrong ones are said before the training, not after it
    kg.verify()  # what a disk has spoilt must be neither learnt from nor written again as if it were good
    suspects = tuple(take_in(kg, progress))
    promoted = _promoted(path, force=force)
    began = Began(
        version=kg.version,
        promoted=None if promoted is None else promoted.id,
        suspects=suspects,
        force=force,
        time=now,
    )
    if force:
        shutil.rmtree(path / STAGES, ignore_errors=True)
    elif promoted is not None and _same_inputs(promoted.manifest, kg, settings):
        log("nothing has changed", release=promoted.id)
        outcome = _outcome(promoted.manifest, new=False, suspects=suspects)
        return dataclasses.replace(began, outcome=outcome)
    elif (refused := _refused_before(path, kg, settings, promoted)) is not None:
        raise refused
    return began


def build_of(path: Path, began: Began, progress: Progress | None = None) -> Build:
    """The release in the making, whose stages can be done one by one, here or in other processes."""
    kg = KnowledgeGraph.open(path)
    if kg.version != began.version:
        kg = kg.at(began.version)
    last = None if began.promoted is None else Release.open(path / RELEASES / began.promoted)
    return Build(
        kg,
        release_settings(kg.workspace.settings),
        seed=kg.workspace.seed,
        stages=Stages(path / STAGES, _told),
        last=last,
        start_warm=not began.force,
        tell=progress,
    )


def settle(path: Path, folder: Path, began: Began) -> Outcome:
    """Judge a new release, write the report, and promote the release or refuse it. For the holder of the lock.

    Raises :class:`Refused`.
    """
    manifest = Release.open(folder).manifest
    name, promoted = str(manifest["id"]), _promoted(path, force=began.force)
    gate = GateSettings.of(KnowledgeGraph.open(path).workspace.settings.get("gate", {}))
    verdict = judge(manifest, None if promoted is None else promoted.manifest, gate)
    report = {
        "release": name,
        "verdict": verdict.to_dict(),
        "drift": manifest["metrics"].get("drift"),
        "graph": manifest["graph"]["trained"],
        "carried": manifest["carried"]["made"],
        "suspects": list(began.suspects),
        "seconds": round(time.time() - began.time, 1),
        "peak_mb": max(each["peak_mb"] for each in manifest["stages"].values()),
        "stages": manifest["stages"],
    }
    write_report(path, name, report)
    if not verdict.passed:
        log("refused", release=name, why=[str(check) for check in verdict.failures])
        raise Refused(path, name, str(verdict))
    promote(path, name)
    Stages(path / STAGES).tidy(STAGE_NAMES)
    log("promoted", release=name, seconds=report["seconds"], peak_mb=report["peak_mb"])
    return _outcome(manifest, new=True, suspects=began.suspects)


def _told(did: Did) -> None:
    how = "found" if did.reused else "done"
    log(f"stage {how}", stage=did.stage, key=did.key, seconds=did.seconds, cpu=did.cpu, peak_mb=did.peak_mb)


def release_settings(settings: Mapping[str, Any]) -> ReleaseSettings:
    """What ``workspace.toml`` says in [graph], [content] and [release], over the defaults.

    Raises :class:`embeddings.errors.UnknownSetting` and :class:`embeddings.graph.GraphEmbeddingError`.
    """
    graph, content, release = (dict(settings.get(table, {})) for table in ("graph", "content", "release"))
    for table, given, known in (
        ("graph", graph, GraphSettings),
        ("content", content, ContentSettings),
        ("release", release, ReleaseSettings),
    ):
        names = {field.name for field in dataclasses.fields(known)} - {"graph", "content", "seed"}
        if unknown := sorted(set(given) - names):
            raise UnknownSetting(
                f"workspace.toml, [{table}]: nothing is called {unknown[0]!r}; there are {', '.join(sorted(names))}."
            )
    return ReleaseSettings(graph=GraphSettings(**graph), content=ContentSettings(**content), **release)


def _promoted(path: Path, *, force: bool) -> Release | None:
    """The promoted release, every byte of it checked; None where there is none, or with `force` a damaged one."""
    try:
        return verify(path)
    except NoRelease:
        return None
    except ReleaseDamaged as damaged:
        if not force:
            raise
        log("damaged", why=str(damaged))
        return None


def _same_inputs(manifest: Mapping[str, Any], kg: KnowledgeGraph, settings: ReleaseSettings) -> bool:
    """Whether a release was made from what the workspace holds now, in the way its settings ask for."""
    made_from = manifest["workspace"]
    asked = json.loads(json.dumps(dataclasses.asdict(settings)))
    holdout = kg.workspace.settings.get("holdout", {})
    if made_from.get("holdout", holdout) != holdout:
        return False
    if made_from.get("vectors", {}) != hashes(kg.workspace.path, settings.vectors):
        return False
    before, now = ({k: v for k, v in t.items() if k != "rejected"} for t in (made_from["tables"], kg.snapshot.tables))
    return (before, made_from["schema"], manifest.get("settings"), manifest.get("seed")) == (
        now,
        kg.schema.digest,
        asked,
        kg.workspace.seed,
    )


def _refused_before(
    path: Path, kg: KnowledgeGraph, settings: ReleaseSettings, promoted: Release | None
) -> Refused | None:
    """The last release, if it was made from the same and refused in favour of the same."""
    last = names(path)[-1:]
    if not last or promoted is None or last == [promoted.id]:
        return None
    verdict = read_report(path, last[0]).get("verdict", {})
    try:
        same = _same_inputs(Release.open(path / RELEASES / last[0]).manifest, kg, settings)
    except ReleaseError:
        return None
    if not same or verdict.get("passed", True) or verdict.get("promoted") != promoted.id:
        return None
    why = "; ".join(check["text"] for check in verdict["checks"] if not check["passed"])
    return Refused(path, last[0], f"Nothing has changed since release {last[0]} was refused: {why}.")


def _outcome(manifest: Mapping[str, Any], *, new: bool, suspects: Sequence[str]) -> Outcome:
    return Outcome(
        release=manifest["id"],
        new=new,
        version=manifest["workspace"]["version"],
        metrics=dict(manifest["metrics"]),
        suspects=tuple(suspects),
    )
