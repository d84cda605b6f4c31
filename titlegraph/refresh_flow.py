"""The refresh as a Metaflow flow: the same stages as `titlegraph refresh`, each a step.

    python -m titlegraph.refresh_flow run --workspace my-workspace
    python -m titlegraph.refresh_flow run --workspace my-workspace --processes 2
    python -m titlegraph.refresh_flow resume
    python -m titlegraph.refresh_flow card view end

What the steps make is kept in the workspace; between them go paths and JSON alone. On several machines the workspace
must be on a file system that all of them see.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from pathlib import Path
from typing import Any

from metaflow import FlowSpec, Parameter, card, current, parallel, step

#: Where the processes of a training meet, if MASTER_PORT does not say.
_PORT = "29531"


class RefreshFlow(FlowSpec):
    """Sources in, a release out, promoted if it is no worse."""

    workspace = Parameter("workspace", help="The workspace to refresh.", required=True)
    processes = Parameter("processes", help="How many processes train the graph together.", default=1, type=int)
    force = Parameter("force", help="Make everything from nothing.", default=False, type=bool)

    @step
    def start(self) -> None:
        """Take in the sources; see whether anything is to be done."""
        from kg.knowledge_graph import KnowledgeGraph
        from titlegraph.refresh import begin
        from titlegraph.refresh_parts import only_one

        self.path = str(KnowledgeGraph.open(self.workspace).workspace.path)
        with only_one(Path(self.path)):
            began = begin(Path(self.path), force=self.force)
        outcome = began.outcome
        self.release = None if outcome is None else outcome.release
        self.began: dict[str, Any] = dataclasses.asdict(dataclasses.replace(began, outcome=None))
        self.next(self.train, num_parallel=self.processes if self.release is None else 1)

    @parallel
    @step
    def train(self) -> None:
        """Train the graph, in as many processes as were asked for."""
        self.folder = None
        if self.release is None:
            from embeddings.graph.distributed import joined
            from titlegraph.refresh_parts import only_one

            together = current.parallel
            if together.num_nodes > 1:
                os.environ.setdefault("MASTER_PORT", _PORT)
                os.environ |= {
                    "MASTER_ADDR": together.main_ip,
                    "WORLD_SIZE": str(together.num_nodes),
                    "RANK": str(together.node_index),
                }
            build = self._build()
            if together.node_index:
                build.read()
                with joined():
                    build.help_train()
            else:
                with only_one(Path(self.path)):
                    build.read()
                    with joined():
                        self.folder = str(build.graph())
        self.next(self.trained)

    @step
    def trained(self, inputs: Any) -> None:
        """One process made the model; the others helped."""
        first = next((each for each in inputs if each.folder is not None), inputs[0])
        self.path, self.release, self.began = first.path, first.release, first.began
        self.next(self.content)

    @step
    def content(self) -> None:
        """Train the content model, make theme and audience views."""
        self._do("content", "recommender")
        self.next(self.fuse)

    @step
    def fuse(self) -> None:
        """Measure the graph, fuse the views, learn what audience to expect."""
        self._do("links", "fusion", "audience")
        self.next(self.write)

    @step
    def write(self) -> None:
        """Draw maps, measure drift, and write the release."""
        self.new = self.release is None
        if self.release is None:
            from embeddings.release_build import write_release
            from titlegraph.refresh_parts import only_one

            build = self._build()
            with only_one(Path(self.path)):
                self.release = write_release(build).name
        self.next(self.end)

    @card(type="blank")
    @step
    def end(self) -> None:
        """Judge the release, promote or refuse it, and draw the card."""
        from metaflow.plugins.cards.card_modules.basic import HTMLComponent

        from embeddings.release import RELEASES
        from titlegraph.errors import Refused
        from titlegraph.refresh import Began, settle
        from titlegraph.refresh_card import page
        from titlegraph.refresh_parts import only_one

        workspace, self.why = Path(self.path), ""
        if self.new:
            with only_one(workspace):
                try:
                    settle(workspace, workspace / RELEASES / self.release, Began(**self.began))
                except Refused as refused:
                    self.why = str(refused)
        self.promoted = not self.why
        html = page(workspace, self.release, self.began["promoted"])
        current.card.append(HTMLComponent(data=html))
        print(self.why or f"Release {self.release} is promoted.")

    def _build(self) -> Any:
        from titlegraph.refresh import Began, build_of

        return build_of(Path(self.path), Began(**self.began))

    def _do(self, *stages: str) -> None:
        """Do stages, unless there is nothing to do."""
        if self.release is not None:
            return
        from titlegraph.refresh_parts import only_one

        build = self._build()
        with only_one(Path(self.path)):
            for name in stages:
                getattr(build, name)()


if __name__ == "__main__":
    # Metaflow starts the processes of a parallel step as "python"; it must be this one.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    RefreshFlow()
