"""The commands, by whom they serve: the graph, its releases, and questions to a release."""

from __future__ import annotations

import typer

from titlegraph.commands import (
    between,
    care,
    drafts,
    evaluate,
    graph,
    links,
    maps,
    markets,
    questions,
    releases,
    serve,
    tuning,
)

app = typer.Typer(
    help="Comparable titles and their audiences, from a knowledge graph of films, series, books and tags.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for commands in (graph, releases, questions, drafts, between, markets, serve, links, maps, tuning, care, evaluate):
    commands.register(app)

__all__ = ["app"]
