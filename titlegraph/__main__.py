"""The command line: `titlegraph COMMAND` or `python -m titlegraph COMMAND`."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line.

    Exit codes: 0 done, 1 an error (one line on stderr says which), 2 wrong usage, 3 the gate refused a release,
    4 somebody else is at work on the workspace, 5 a source vanished or came back empty, 130 interrupted.
    """
    from safetensors import SafetensorError

    from embeddings.errors import EmbeddingError
    from ingest.errors import IngestError
    from kg.errors import KnowledgeGraphError
    from queries.errors import QueryError
    from titlegraph.commands import app
    from titlegraph.errors import TitlegraphError, exit_code

    try:
        app()
    except (KnowledgeGraphError, IngestError, EmbeddingError, QueryError, TitlegraphError) as error:
        if os.environ.get("TITLEGRAPH_TRACEBACK"):
            raise
        print(f"error: {error}", file=sys.stderr)
        sys.exit(exit_code(error))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader of a pipe has gone; nothing is wrong here
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, SafetensorError) as error:  # a full disk, a folder that may not be written
        if os.environ.get("TITLEGRAPH_TRACEBACK"):
            raise
        print(f"error: {error}", file=sys.stderr)
        sys.exit(exit_code(error))


if __name__ == "__main__":
    main()
