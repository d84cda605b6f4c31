"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

WorkspacePath = Annotated[Path, typer.Argument(help="The folder of the workspace.", show_default=False)]
Space = Annotated[Path, typer.Argument(help="A workspace, or the folder of a release.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Strict = Annotated[bool, typer.Option("--strict", help="Take nothing in if any row is bad.")]
Count = Annotated[int, typer.Option("-k", help="How many.")]
