"""From sources to a promoted release, stage by stage."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from titlegraph.progress import Progress

if TYPE_CHECKING:
    from embeddings import ReleaseSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a refresh did: the promoted release, whether it is new, and what was measured on it.

    `version` is the version of the workspace that the release was made from.
    """

    release: str
    new: bool
    version: int
    metrics: dict[str, Any] = field(repr=False)

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
    """Ingest the sources that ``workspace.toml`` lists, and publish a release if anything has changed since the last.

    With `force` a release is made in any case. Raises the errors of the stages: :class:`kg.errors.KnowledgeGraphError`,
    :class:`ingest.errors.IngestError`, :class:`embeddings.errors.EmbeddingError`.
    """
    from embeddings.errors import NoRelease
    from embeddings.release import Release, promote
    from embeddings.release_build import build_release
    from ingest.run import ingest
    from kg import KnowledgeGraph

    kg = KnowledgeGraph.open(workspace)
    path = kg.workspace.path
    if sources := [path / source for source in kg.workspace.settings.get("sources", [])]:
        ingest(kg, sources, progress=progress)
    if not force:
        try:
            promoted = Release.open(path).manifest
        except NoRelease:
            promoted = None
        if promoted is not None and _inputs(promoted["workspace"]) == (dict(kg.snapshot.tables), kg.schema.digest):
            return _outcome(promoted, new=False)
    folder = build_release(kg, settings=release_settings(kg.workspace.settings), progress=progress)
    promote(path, folder.name)
    return _outcome(Release.open(folder).manifest, new=True)


def release_settings(settings: Mapping[str, Any]) -> ReleaseSettings:
    """What ``workspace.toml`` says in [graph] and [release], over the defaults.

    Raises :class:`embeddings.errors.UnknownSetting` and :class:`embeddings.graph.GraphEmbeddingError`.
    """
    from embeddings import ReleaseSettings
    from embeddings.errors import UnknownSetting
    from embeddings.graph import GraphSettings

    graph, release = dict(settings.get("graph", {})), dict(settings.get("release", {}))
    for table, given, known in (("graph", graph, GraphSettings), ("release", release, ReleaseSettings)):
        names = {field.name for field in dataclasses.fields(known)} - {"graph", "seed"}
        if unknown := sorted(set(given) - names):
            raise UnknownSetting(
                f"workspace.toml, [{table}]: nothing is called {unknown[0]!r}; there are {', '.join(sorted(names))}."
            )
    return ReleaseSettings(graph=GraphSettings(**graph), **release)


def _inputs(made_from: Any) -> tuple[dict[str, int], str]:
    return dict(made_from["tables"]), made_from["schema"]


def _outcome(manifest: Any, *, new: bool) -> Outcome:
    return Outcome(
        release=manifest["id"], new=new, version=manifest["workspace"]["version"], metrics=dict(manifest["metrics"])
    )
