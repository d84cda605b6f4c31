"""The main job, end to end, on the packaged sample catalogue."""

from __future__ import annotations

from pathlib import Path

from titlegraph.output import console, show, show_audience
from titlegraph.progress import reporting

TITLES = ("Apocalypse Now", "21 Grams", "Stranger Things")
COUNTRIES = ["US", "ES", "MX", "FR", "JP"]


def run(workspace: Path) -> None:
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
    console().print(
        f"{kg.snapshot.rows['facts']:,} facts, {len(space.titles()):,} titles, "
        f"release {outcome.release} in {workspace}.\n{outcome.protocol}"
    )
    show(outcome.table())
    for title in TITLES:
        frame = space.similar(title, k=5, evidence=True)
        show(frame, title=f"Comparable to {title}", columns=["rank", "label", "kind", "year", "similarity", "evidence"])
    features = space.audience_features(TITLES[0], COUNTRIES)
    show_audience(features, title=f"Audience features of {TITLES[0]}: what comparable titles had for an audience there")
    console().print(
        f'Ask for more:\n  titlegraph similar {workspace} "Eternal Sunshine of the Spotless Mind" --view theme\n'
        f'  titlegraph explain {workspace} "21 Grams" "Babel"\n'
        f"  titlegraph relations {workspace}"
    )
