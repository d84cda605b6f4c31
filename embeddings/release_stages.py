"""The stages of a release, each done once for what it reads (:mod:`embeddings.stages`).

    graph        the graph model, gone on from that of the last release where that can be; else trained from nothing
                 and turned onto it
    links        link prediction measured, probabilities calibrated
    content      the content model, theme and audience views
    fusion       the fused view, and what it is good for
    audience     what audience to expect
    recommender  what is watched by whom watched what
    maps         places in the plane
    write        all of it and the tables in one folder, measured and published

What a stage reads is named by contents, not by versions of tables: new viewings train no graph. Views are turned onto
the last release when they are read from their stage, so that a release that is promoted makes no stage stale by itself.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from embeddings import digests
from embeddings.audiences import sizes
from embeddings.carried import Carried, carry, plain
from embeddings.catalogue import Catalogue, Facts
from embeddings.content.given import given, hashes
from embeddings.content.inputs import PEOPLE, TAGS
from embeddings.content.model import ContentModel
from embeddings.content.texts import Texts
from embeddings.content.views import content_views
from embeddings.drift import along_axes, rotation_onto, turned_model
from embeddings.fusion.building import fuse_views
from embeddings.fusion.learning import unseen
from embeddings.fusion.model import Fusion
from embeddings.graph import GraphModel
from embeddings.known_facts import KnownFacts, known_facts
from embeddings.links import entity_types, examine, learn, triples_of, without_types
from embeddings.prediction.build import write_audience_model
from embeddings.prediction.model import FOLDER as AUDIENCE_MODEL
from embeddings.prediction.model import AudienceModel
from embeddings.probabilities import CALIBRATION, edge_probabilities
from embeddings.recommender import item_model, write_item_model
from embeddings.release import Release, spoilt
from embeddings.release_settings import ReleaseSettings
from embeddings.release_writer import Folder
from embeddings.stages import Stages, whole
from embeddings.usefulness.short import measure as usefulness
from embeddings.views import FloatArray, View, view
from embeddings.warm import Start, start_from
from kg.knowledge_graph import KnowledgeGraph

#: Called with what is being done, how much of it is done and how much there is (None where nobody knows).
Progress = Callable[[str, int, int | None], None]


class Build:
    """A release in the making.

    Args:
        kg: the snapshot.
        settings: how to make it.
        seed: of everything random.
        stages: where outputs are kept.
        last: the release whose space it shall share; None: none.
        start_warm: whether the graph goes on from its model.
        tell: told step, done, total.
    """

    def __init__(
        self,
        kg: KnowledgeGraph,
        settings: ReleaseSettings,
        *,
        seed: int,
        stages: Stages,
        last: Release | None = None,
        start_warm: bool = True,
        tell: Progress | None = None,
    ) -> None:
        self._start_warm = start_warm
        self.kg, self.settings, self.seed, self.stages, self.last = kg, settings, seed, stages, last
        self.tell = tell or (lambda *_: None)

    # -- what is read

    def read(self) -> None:
        """Read the graph, if that was not done yet; every stage asks for it."""
        if "catalogue" not in self.__dict__:
            self.tell("reading the graph", 0, None)
            with self.stages.timed("read"):
                _ = self.catalogue, self.known, self.viewings, self.sizes

    @cached_property
    def catalogue(self) -> Catalogue:
        """Entities and titles."""
        return Catalogue.of(self.kg)

    @cached_property
    def known(self) -> KnownFacts:
        """Facts, and what each is for; what the model that training goes on from has learnt is not measured on."""
        known = known_facts(self.kg, self.catalogue)
        leaked = np.zeros(len(known.facts), dtype=bool)
        held = known.held_out | known.validation
        leaked[held] = self._start_for(known.facts[held]).leaked
        return dataclasses.replace(known, held_out=known.held_out & ~leaked, validation=known.validation & ~leaked)

    def _start_for(self, held_out: Facts) -> Start:
        if "start" not in self.__dict__:
            settings = dataclasses.replace(self.settings.graph, seed=self.seed)
            last = self.last if self._start_warm else None
            self.start = start_from(last, self.catalogue, held_out, self.aliases, settings)
        return self.start

    start: Start

    @cached_property
    def aliases(self) -> pd.DataFrame:
        """Entities that were merged into others: id, same_as."""
        entities = self.kg.entities(raw=True)
        return entities.loc[entities["same_as"].notna(), ["id", "same_as"]]

    @cached_property
    def training(self) -> Facts:
        """The facts that are learnt from."""
        return self.known.facts[self.known.training]

    @cached_property
    def held_out(self) -> Facts:
        """The facts that are measured on."""
        return self.known.facts[self.known.held_out]

    @cached_property
    def viewings(self) -> pd.DataFrame:
        """Who watched what."""
        return self.kg.viewings()

    @cached_property
    def sizes(self) -> pd.DataFrame:
        """Audience sizes of the titles."""
        return sizes(self.catalogue, self.kg.audience(), weeks=self.settings.audience_weeks)

    @cached_property
    def texts(self) -> Texts:
        """The text encoder, with what it has encoded before; it is loaded when a text is new."""
        chosen = self.settings.content_settings
        return Texts(self.kg.workspace.cache / "texts", chosen.text_model, chosen.text_sha256)

    @cached_property
    def given(self) -> dict[str, View]:
        """Views that somebody else made."""
        files = self.settings.vectors.items()
        return {name: given(self.kg, self.catalogue, name, file) for name, file in files}

    @cached_property
    def carried(self) -> Carried:
        """What is carried over from the last release beside the graph."""
        self.read()
        return carry(
            self.last if self._start_warm else None,
            self.catalogue,
            self.training,
            self.sizes,
            self.made_from,
            self.settings,
            aliases=self.aliases,
            spoilt=spoilt(self.kg.workspace.path),
            seed=self.seed,
        )

    @cached_property
    def made_from(self) -> dict[str, Any]:
        """What the next night compares with that no file of a release says: the number of viewings, and hashes of the
        files of vectors made elsewhere."""
        return {
            "viewings": len(self.viewings),
            "vectors": hashes(self.kg.workspace.path, self.settings.vectors),
        }

    @property
    def _given(self) -> dict[str, Any]:
        """What stages read of them, where there are any."""
        made = {name: digests.of_arrays(own.vectors) for name, own in self.given.items()}
        return {"given": made} if made else {}

    @cached_property
    def _ids(self) -> pa.ChunkedArray:
        return pa.chunked_array([pa.array(self.catalogue.titles["id"], pa.string())])

    @cached_property
    def _hashes(self) -> dict[str, str]:
        """Hashes of what several stages read."""
        known, catalogue = self.known, self.catalogue
        return {
            "titles": digests.of_frame(catalogue.titles),
            "viewings": digests.of_frame(self.viewings),
            "sizes": digests.of_frame(self.sizes),
            "training": digests.of_facts(self.training, catalogue),
            "held_out": digests.of_facts(known.facts[known.held_out | known.validation], catalogue),
        }

    # -- graph

    @cached_property
    def graph_inputs(self) -> dict[str, Any]:
        """What the graph model is made of; that of the last release, if it was made of the same facts."""
        self.read()
        rows = self.catalogue.entities["row"].to_numpy(np.int64)
        types = entity_types(self.catalogue, rows)
        facts = triples_of(self.training, rows, types)
        settings = dataclasses.replace(self.settings.graph, seed=self.seed).to_dict()
        inputs = {
            "facts": digests.of_arrays(
                facts.heads, facts.relations, facts.tails, types.codes, types.heads, types.tails
            ),
            "relations": [relation.name for relation in self.catalogue.relations],
            "settings": {name: value for name, value in settings.items() if name not in ("threads", "device")},
        }
        if self.last is None:
            return inputs
        before = self.last.manifest.get("graph", {}).get("inputs", {})
        if self._start_warm and inputs == {name: before.get(name) for name in inputs}:
            return dict(before)
        name = "model/graph.safetensors"
        warm = self.start.model is not None
        return inputs | {"warm": warm, "last": self.last.manifest["files"][name]["sha256"]}

    def graph(self) -> Path:
        """model/: the graph model with the optimizer's state."""

        def work(out: Path, scratch: Path) -> None:
            if self._same_graph:
                assert self.last is not None
                shutil.copytree(self.last.path / "model", out / "model", ignore=shutil.ignore_patterns("means.json"))
                return
            model = self._trained(scratch)
            if self.start.model is None and self.last is not None:
                vectors, _ = self._view_of(model)
                own = view("graph", vectors[: self.catalogue.num_titles], "")
                by = rotation_onto(own, self._ids, self.last)
                if by is not None and by.shape[0] == by.shape[1]:
                    model = turned_model(model, by)
            model.save(out / "model")

        return self.stages.run("graph", self.graph_inputs, work)

    def help_train(self) -> None:
        """What every process but the first does in a distributed training: train, and leave the writing to that."""
        folder, scratch = self.stages.places("graph", self.graph_inputs)
        if not (whole(folder) or self._same_graph):
            self._trained(scratch)

    @property
    def _same_graph(self) -> bool:
        return self.last is not None and self.graph_inputs == self.last.manifest.get("graph", {}).get("inputs")

    @property
    def how_trained(self) -> str:
        """How the graph model came about, in words."""
        if self._same_graph:
            assert self.last is not None
            return f"that of {self.last.id}: the facts are the same"
        if self.start.model is not None and self.last is not None:
            return f"gone on from {self.last.id}"
        return f"from nothing: {self.start.why}"

    def _trained(self, checkpoint: Path) -> GraphModel:
        self.tell("training the graph", 0, 100)
        return learn(
            self.catalogue,
            self.training,
            self.start.settings(dataclasses.replace(self.settings.graph, seed=self.seed)),
            start=self.start.model,
            checkpoint=checkpoint,
            progress=lambda share: self.tell("training the graph", round(100 * share), 100),
        )

    @cached_property
    def model(self) -> GraphModel:
        """The graph model."""
        return GraphModel.load(self.graph() / "model", mapped=True)

    def _view_of(self, model: GraphModel) -> tuple[FloatArray, dict[str, FloatArray]]:
        rows = self.catalogue.entities["row"].to_numpy(np.int64)
        return without_types(np.asarray(model.entities[rows]), model.seen[rows], self.catalogue)

    @cached_property
    def graph_vectors(self) -> tuple[FloatArray, dict[str, FloatArray]]:
        """The graph view of every entity, [E, d], and what is common to each type."""
        return self._view_of(self.model)

    @cached_property
    def graph_view(self) -> View:
        """The graph view of the titles."""
        facts = self.training
        made_from = f"{len(facts):,} facts of {len(np.unique(facts.relations))} relations (TransE)"
        return view("graph", self.graph_vectors[0][: self.catalogue.num_titles], made_from)

    def links(self) -> Path:
        """metrics.json, edges.json and, where enough is held out, the calibration."""
        inputs = {
            "graph": self.graph().name,
            "facts": [self._hashes["training"], self._hashes["held_out"]],
            "most": self.settings.most_measured,
            "seed": self.seed,
        }

        def work(folder: Path, _: Path) -> None:
            self.tell("measuring links", 0, None)
            out, known = Folder(folder), self.known
            others = known.facts[known.validation]
            metrics = examine(
                self.model,
                self.catalogue,
                self.training,
                self.held_out,
                others=others,
                most=self.settings.most_measured,
                seed=self.seed,
            )
            metrics["protocol"] += f" Held out: {known.protocol.rstrip(chr(46))}."
            out.json("metrics.json", metrics)
            self.tell("calibrating probabilities", 0, None)
            parts = (self.training, others, self.held_out)
            calibration, edges = edge_probabilities(self.model, self.catalogue, *parts, seed=self.seed)
            out.json("edges.json", edges)
            if calibration is not None:
                calibration.save(out.file(CALIBRATION))

        return self.stages.run("links", inputs, work)

    # -- content

    @cached_property
    def content_inputs(self) -> dict[str, Any]:
        """What the content model is made of; that of the last release, if it was made of the same."""
        self.read()
        catalogue, settings = self.catalogue, self.settings
        told = np.isin(self.training.relations, catalogue.numbers(catalogue.describing(*TAGS, *PEOPLE)))
        told &= self.training.heads < catalogue.num_titles
        inputs = {
            "titles": self._hashes["titles"],
            "facts": digests.of_facts(self.training[told], catalogue),
            "viewings": self._hashes["viewings"],
            "sizes": self._hashes["sizes"],
            "settings": dataclasses.asdict(settings.content_settings),
            "audience": [dict(settings.audience_weights), settings.audience_dim],
            "seed": self.seed,
        } | self._given
        last = self.carried.release
        if last is None:
            return inputs
        before: dict[str, Any] = last.manifest.get("content", {}).get("inputs", {})
        inputs = plain(inputs)
        if inputs == {name: value for name, value in before.items() if name != "carried"}:
            return before
        return inputs | {"carried": last.manifest["files"]["content/content.safetensors"]["sha256"]}

    def content(self) -> Path:
        """content/: the model; theme.npy, audience.npy, views.json; audience/: what joins that view's parts."""

        def work(folder: Path, _: Path) -> None:
            out = Folder(folder)
            catalogue, settings, last = self.catalogue, self.settings, self.carried.release
            made = content_views(
                catalogue,
                self.training,
                self.viewings,
                self.sizes,
                self.texts,
                settings.content_settings,
                audience_weights=settings.audience_weights,
                audience_dim=settings.audience_dim,
                seed=self.seed,
                unseen=unseen(catalogue.titles["id"].tolist(), seed=self.seed),
                given={name: own.vectors for name, own in self.given.items()},
                start=None if last is None else ContentModel.load(last.path / "content"),
                progress=lambda step, share: self.tell(step, round(100 * share), 100),
            )
            made.model.save(folder / "content")
            if made.audience_parts is not None:
                made.audience_parts.save(folder / "audience")
            _save_views(out, made.theme, made.audience)
            out.json("metrics.json", made.model.metrics)

        return self.stages.run("content", self.content_inputs, work)

    @cached_property
    def theme(self) -> tuple[View, Fusion]:
        """The theme view, in the space of the last release, and what makes it."""
        folder = self.content()
        own = Fusion.load(folder / "content" / "theme")
        return along_axes(_load_view(folder, "theme"), own, self._ids, self.last)

    @cached_property
    def audience_view(self) -> tuple[View, Fusion | None]:
        """The audience view, in the space of the last release, and what makes it; None where nobody has one."""
        folder = self.content()
        own = _load_view(folder, "audience")
        if not (folder / "audience").is_dir():
            return own, None
        return along_axes(own, Fusion.load(folder / "audience"), self._ids, self.last)

    # -- what is made of both

    @property
    def parts(self) -> dict[str, Any]:
        """The views that later stages read, by what they were made of."""
        last = None if self.last is None else self.last.id
        return {"graph": self.graph().name, "content": self.content().name, "last": last, "seed": self.seed}

    def fusion(self) -> Path:
        """fusion/: what makes the view; fused.npy, views.json; usefulness.json."""
        known = ("titles", "viewings", "training", "held_out")
        inputs = self.parts | {name: self._hashes[name] for name in known}
        inputs |= {"weights": dict(self.settings.view_weights), "carried": self.carried.release is not None}

        def work(folder: Path, _: Path) -> None:
            self.tell("fusing the views", 0, None)
            out, last = Folder(folder), self.carried.release
            # A simulated view can be asked for by name; it has no say in what is comparable.
            parts = [self.graph_view, self.theme[0], self.audience_view[0], *self.given.values()]
            fused = fuse_views(
                self.catalogue,
                self.training,
                parts,
                self.viewings,
                self.texts,
                weights=self.settings.view_weights,
                seed=self.seed,
                start=None if last is None else last.path / "fusion",
            )
            own, fusion = along_axes(fused.view, fused.fusion, self._ids, self.last)
            fused = dataclasses.replace(fused, view=own, fusion=fusion)
            fused.save(folder / "fusion")
            _save_views(out, own)
            out.json("usefulness.json", usefulness(self.catalogue, fused, [*parts, own], self.held_out))

        return self.stages.run("fusion", inputs, work)

    @cached_property
    def fused(self) -> View:
        """The fused view."""
        return _load_view(self.fusion(), "fused")

    def audience(self) -> Path:
        """audience_model/ and report.json."""
        known = ("titles", "sizes", "training")
        inputs = self.parts | {name: self._hashes[name] for name in known} | {"weeks": self.settings.audience_weeks}
        inputs |= {"carried": self.carried.release is not None}

        def work(folder: Path, _: Path) -> None:
            self.tell("learning from audiences", 0, None)
            out, last = Folder(folder), self.carried.release
            views = [self.graph_view, self.theme[0]]
            learnt = None if last is None else last.path / AUDIENCE_MODEL
            report = write_audience_model(
                out,
                self.catalogue,
                self.training,
                views,
                self.sizes,
                weeks=self.settings.audience_weeks,
                start=None if learnt is None or not learnt.is_dir() else AudienceModel.load(learnt),
                seed=self.seed,
            )
            out.json("report.json", report)

        return self.stages.run("audience", inputs, work)

    def recommender(self) -> Path:
        """recommend/ and metrics.json."""
        self.read()
        inputs = {"titles": self._hashes["titles"], "viewings": self._hashes["viewings"], "seed": self.seed}
        inputs |= {"least": str(self.settings.min_viewers)}

        def work(folder: Path, _: Path) -> None:
            out = Folder(folder)
            least = self.settings.min_viewers
            items = item_model(self.catalogue, self.viewings, min_viewers=least, seed=self.seed)
            write_item_model(out, items)
            out.json("metrics.json", items.metrics)

        return self.stages.run("recommender", inputs, work)


def metrics_of(folder: Path, name: str = "metrics") -> dict[str, Any]:
    """What a stage measured."""
    found: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _save_views(out: Folder, *views: View) -> None:
    about: dict[str, Mapping[str, Any]] = {}
    for part in views:
        out.array(f"{part.name}.npy", part.vectors)
        about[part.name] = {"made_from": part.made_from, "simulated": part.simulated}
    out.json("views.json", about)


def _load_view(folder: Path, name: str) -> View:
    vectors = np.load(folder / f"{name}.npy", allow_pickle=False)
    about = metrics_of(folder, "views")[name]
    return View(
        name=name,
        vectors=vectors,
        present=np.asarray(vectors.any(axis=1)),
        made_from=about["made_from"],
        simulated=about["simulated"],
    )
