"""The command that serves the explorer."""

from __future__ import annotations

import json as json_text
import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from titlegraph.output import say


def register(app: typer.Typer) -> None:
    app.command()(serve)


def serve(
    spaces: Annotated[list[Path], typer.Argument(help="Workspaces, or folders of releases.", show_default=False)],
    host: Annotated[
        str, typer.Option(help="The address to listen on; others than loopback are reachable.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 for any that is free.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes; they share the mapped release.")] = 1,
    api_key_file: Annotated[
        Path | None, typer.Option(help="A file with an API key on each line; the API then wants one.", exists=True)
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds until a question is given up.")] = 10.0,
) -> None:
    """Serve the explorer: a page for people and an HTTP API for programs, over promoted releases."""
    from embeddings.errors import ExtraMissing
    from queries.space import TitleSpace

    try:
        import uvicorn

        from queries.service.app import ENVIRONMENT, from_environment
        from queries.service.patience import PatientProtocol
    except ImportError as error:
        raise ExtraMissing(str(error.name), "Serving", extra="serve") from error
    paths = {path.resolve().name: str(path.resolve()) for path in spaces}
    if len(paths) < len(spaces):
        raise typer.BadParameter("two of the folders have the same name; it is what the page calls them")
    for path in spaces:  # an error is said here, once, and not by every worker
        TitleSpace.open(path)
    os.environ[ENVIRONMENT] = json_text.dumps(
        {
            "paths": paths,
            "api_key_file": str(api_key_file.resolve()) if api_key_file else None,
            "settings": {"timeout": timeout, "read_drafts": True},
        }
    )
    if host not in ("127.0.0.1", "localhost", "::1") and api_key_file is None:
        say(f"Anybody who reaches {host}:{port} may ask: there is no --api-key-file.")
    with tempfile.TemporaryDirectory(prefix="titlegraph-") as folder:
        if workers > 1:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        uvicorn.run(
            from_environment if workers == 1 else "queries.service.app:from_environment",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            log_level="info",
            access_log=False,
            server_header=False,
            timeout_keep_alive=5,
            limit_concurrency=1000,
            http=PatientProtocol,
            ws="none",
        )
