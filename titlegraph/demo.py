"""The main job, end to end, on the packaged sample catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from titlegraph.output import FEATURES, FORECAST, console, show, show_audience
from titlegraph.progress import reporting
from titlegraph.refresh import Outcome

TITLES = ("Apocalypse Now", "21 Grams", "Stranger Things")
COUNTRIES = ["US", "ES", "MX", "FR", "JP"]
#: A series that nobody has made yet.
DRAFT = {"label": "A heist in a small town", "kind": "series", "tags": ["heist", "small town", "grief"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonstration:
    """What the demonstration found: comparable titles of each of `TITLES` and of the draft, audience features of the
    first, and the audience to expect of the draft."""

    workspace: Path
    facts: int
    titles: int
    outcome: Outcome
    similar: dict[str, pd.DataFrame]
    audience: pd.DataFrame
    draft: pd.DataFrame
    forecast: pd.DataFrame


def run(workspace: Path) -> Demonstration:
    """Build `workspace` from the sample catalogue (or go on from what is there), publish a release and ask it."""
    from ingest.sample import ingest_sample
    from kg import KnowledgeGraph
    from kg.errors import WorkspaceNotFound
    from queries.space import TitleSpace
    from titlegraph.refresh import refresh

    try:
        kg = KnowledgeGraph.open(workspace)
    except WorkspaceNotFound:
        kg = KnowledgeGraph.create(workspace)
    with reporting("demo") as progress:
        ingest_sample(kg, progress=progress)
        outcome = refresh(workspace, progress=progress)
    space = TitleSpace.open(workspace)
    draft = space.draft(**DRAFT)
    return Demonstration(
        workspace=workspace,
        facts=kg.snapshot.rows["facts"],
        titles=len(space.titles()),
        outcome=outcome,
        similar={title: space.similar(title, k=5, evidence=True) for title in TITLES},
        audience=space.audience_features(TITLES[0], COUNTRIES),
        draft=space.similar(draft, k=5, evidence=True),
        forecast=space.audience(draft, COUNTRIES),
    )


def present(found: Demonstration) -> None:
    """Print it for a person."""
    console().print(
        f"{found.facts:,} facts, {found.titles:,} titles, release {found.outcome.release} in {found.workspace}.\n"
        f"{found.outcome.protocol}"
    )
    show(found.outcome.table())
    for title, frame in (found.similar | {f"{DRAFT['label']}, which nobody has made yet": found.draft}).items():
        show(frame, title=f"Comparable to {title}", columns=["rank", "label", "kind", "year", "similarity", "evidence"])
    what = f"Audience features of {TITLES[0]}: what comparable titles had for an audience there"
    show_audience(found.audience, columns=FEATURES, title=what)
    show_audience(found.forecast, columns=FORECAST, title=f"Audience to expect of {DRAFT['label']}")
    console().print(
        f'Ask for more:\n  titlegraph similar {found.workspace} "Eternal Sunshine of the Spotless Mind" --view theme\n'
        f'  titlegraph explain {found.workspace} "21 Grams" "Babel"\n'
        f"  titlegraph relations {found.workspace}"
    )
