"""Commands on the knowledge graph: make it, fill it, look into it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from titlegraph.commands.options import AsJson, Strict, WorkspacePath
from titlegraph.output import console, emit, say, show


def register(app: typer.Typer) -> None:
    for command in (init, download, ingest, relations, merges, rejected, sparql, export):
        app.command()(command)


def init(
    workspace: WorkspacePath,
    seed: Annotated[int, typer.Option(help="Decides which facts are held out, and seeds every training.")] = 0,
    sample: Annotated[bool, typer.Option("--sample", help="Fill it with the packaged sample catalogue.")] = False,
    json: AsJson = False,
) -> None:
    """Make an empty workspace."""
    from kg import KnowledgeGraph

    kg = KnowledgeGraph.create(workspace, seed=seed)
    if sample:
        from ingest.sample import ingest_sample

        ingest_sample(kg)
    if json:
        emit({"workspace": str(workspace), "version": kg.version, "rows": dict(kg.snapshot.rows)})
    else:
        say(f"{workspace} is a workspace now. Fill it: titlegraph ingest {workspace} FOLDER_OR_FILE …")


def download(
    source: Annotated[
        str | None, typer.Argument(help="What to bring; without it, what there is.", show_default=False)
    ] = None,
    folder: Annotated[Path | None, typer.Argument(help="Where to; by default a folder of the source's name.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Agree to the licence without being asked.")] = False,
    workspace: Annotated[Path | None, typer.Option(help="Whose titles to ask for, where the source is asked.")] = None,
    base_url: Annotated[str | None, typer.Option(help="A mirror with the publisher's paths.", hidden=True)] = None,
    json: AsJson = False,
) -> None:
    """Bring a publisher's official public file; licence and size are shown first."""
    from ingest.download import download as run
    from ingest.download import offers
    from ingest.download.errors import DownloadDeclined
    from kg import KnowledgeGraph
    from titlegraph.progress import reporting

    if source is None:
        table = pd.DataFrame(
            [{"source": o.name, "what": o.title, "size": _megabytes(o.size()), "licence": o.licence} for o in offers()]
        )
        if json:
            emit(table)
        else:
            show(table)
        return

    def agree(offer: str) -> bool:
        say(offer)
        if yes:
            return True
        if not sys.stdin.isatty():
            raise DownloadDeclined(source)
        return typer.confirm("Download it?", err=True)

    ids = KnowledgeGraph.open(workspace).entities(raw=True)["id"].tolist() if workspace is not None else []
    with reporting("download") as progress:
        done = run(source, folder, ids=ids, confirm=agree, progress=progress, base_url=base_url)
    if json:
        emit({"source": done.source, "folder": done.folder, "files": done.files, "licence": done.licence})
    elif done.files:
        say(f"{len(done.files)} new files in {done.folder}. Take them in: titlegraph ingest WORKSPACE {done.folder}")
    else:
        say(f"{done.folder} already holds the newest.")


def ingest(
    workspace: WorkspacePath,
    paths: Annotated[list[Path], typer.Argument(help="Files or folders to read.", show_default=False)],
    strict: Strict = False,
    json: AsJson = False,
) -> None:
    """Read every source that is recognised at PATHS; what changed since the last time is added or retracted."""
    from ingest.run import ingest as run
    from kg import KnowledgeGraph
    from titlegraph.progress import reporting

    kg = KnowledgeGraph.open(workspace)
    with reporting("ingest") as progress:
        summary = run(kg, paths, strict=strict, progress=progress)
    frame = summary.to_frame()
    if json:
        emit({"version": kg.version, "rows": dict(kg.snapshot.rows), "sources": frame, "ignored": summary.ignored})
        return
    columns = [
        "source",
        "files",
        "read",
        "facts_added",
        "facts_retracted",
        "titles_added",
        "audience_added",
        "viewings_added",
    ]
    show(frame, columns=[*columns, "rejected", "seconds"])
    if summary.resolution is not None:
        console().print(summary.resolution.text())
    rows = kg.snapshot.rows
    say(f"{workspace} is at version {kg.version}: {rows['facts']:,} facts about {rows['entities']:,} identifiers.")
    if count := int(frame["rejected"].sum()):
        say(f"{count:,} rows could not be taken in; see them with: titlegraph rejected {workspace}")


def relations(workspace: WorkspacePath, json: AsJson = False) -> None:
    """Statistics of every relation: facts, heads, tails, cardinality, an example; and relations that look alike."""
    from kg import KnowledgeGraph
    from kg.statistics import relations as statistics
    from kg.statistics import suspects

    kg = KnowledgeGraph.open(workspace)
    table, alike = statistics(kg), suspects(kg)
    if json:
        emit({"relations": table, "suspects": alike})
        return
    used = table[table["facts"] > 0]
    show(used, columns=["relation", "facts", "heads", "tails", "cardinality", "example"])
    if len(used) < len(table):
        say(f"Declared, without facts: {', '.join(table.loc[table['facts'] == 0, 'relation'])}.")
    if len(alike):
        show(alike, title="Suspected inverse or duplicate relations")


def merges(
    workspace: WorkspacePath,
    undo: Annotated[
        tuple[str, str] | None,
        typer.Option(help="Two identifiers that are not one thing after all.", show_default=False),
    ] = None,
    ambiguous: Annotated[bool, typer.Option("--ambiguous", help="What was too uncertain to merge.")] = False,
    json: AsJson = False,
) -> None:
    """Identifiers that were taken for one thing, and by whom; or those left apart as ambiguous."""
    from kg import KnowledgeGraph

    kg = KnowledgeGraph.open(workspace)
    if undo is not None:
        kg.unmerge(*undo)
        say(f"{undo[0]} and {undo[1]} are two things from now on.")
        return
    relation = "possibly_same_as" if ambiguous else "same_as"
    found = kg.facts([relation], raw=True)[["head", "tail", "source", "weight"]]
    labels = kg.entities(raw=True).set_index("id")["label"]
    found = found.assign(head_label=found["head"].map(labels), tail_label=found["tail"].map(labels))
    if json:
        emit(found)
        return
    show(found.head(50))
    if len(found) > 50:
        say(f"… and {len(found) - 50:,} more; --json lists all.")


def rejected(workspace: WorkspacePath, json: AsJson = False) -> None:
    """Rows that could not be taken in: source, file, line, reason and the row itself."""
    from kg import KnowledgeGraph

    frame = KnowledgeGraph.open(workspace).rejected()
    if json:
        emit(frame)
        return
    if frame.empty:
        say("Every row was taken in.")
        return
    counts = frame.groupby(["source", "reason"]).size().rename("rows").reset_index()
    show(counts.sort_values("rows", ascending=False).head(20), title="By reason")
    show(frame.head(20), title="The first", columns=["source", "file", "line", "reason", "row"])


def sparql(
    workspace: WorkspacePath,
    query: Annotated[str, typer.Argument(help="A SPARQL query, or - to read one from standard input.")],
    json: AsJson = False,
) -> None:
    """Ask the graph in SPARQL; the vocabulary's prefixes need no declaration."""
    from kg import KnowledgeGraph

    frame = KnowledgeGraph.open(workspace).sparql(sys.stdin.read() if query == "-" else query)
    if json:
        emit(frame)
    else:
        show(frame)


def export(
    workspace: WorkspacePath,
    target: Annotated[Path, typer.Argument(help="A .nt, .nq, .ttl, .trig or .jsonld file.", show_default=False)],
    json: AsJson = False,
) -> None:
    """Write the graph as RDF; the named graph of a fact is its source."""
    from kg import KnowledgeGraph
    from kg.rdf import export as write

    write(KnowledgeGraph.open(workspace), target)
    if json:
        emit({"file": str(target), "bytes": target.stat().st_size})
    else:
        say(f"wrote {target} ({target.stat().st_size:,} bytes)")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB" if size else "by query"
