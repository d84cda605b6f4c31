"""The application: endpoints and page behind the guard, errors as problem details."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from threadpoolctl import threadpool_limits

from embeddings.errors import EmbeddingError
from queries.errors import QueryError
from queries.service.answering import Service
from queries.service.endpoints import router
from queries.service.guard import Guard, Stopped
from queries.service.measures import Measures
from queries.service.problems import of, problem
from queries.service.settings import ServiceSettings
from queries.service.spaces import Spaces
from queries.service.work import Work

#: How the command line hands settings to the workers that uvicorn starts.
ENVIRONMENT = "TITLEGRAPH_SERVE"

_ABOUT = (
    "Comparable titles and their audiences. Tables come as JSON, or as CSV or an Arrow stream if the Accept header "
    "asks for text/csv or application/vnd.apache.arrow.stream. Errors are problem details (RFC 9457)."
)

_WHY = {
    400: "The body must be JSON in UTF-8.",
    404: "There is nothing here.",
    405: "It takes other methods: see Allow.",
}


def create_app(paths: Mapping[str, Path], settings: ServiceSettings | None = None) -> FastAPI:
    """The service over workspaces or release folders, by name; the first is asked where a question names none.

    Raises the errors of :meth:`queries.TitleSpace.open`.
    """
    settings = settings or ServiceSettings()
    measures = Measures()
    service = Service(
        spaces=Spaces(paths, poll=settings.poll, read_drafts=settings.read_drafts),
        work=Work(threads=settings.threads, waiting=settings.waiting, timeout=settings.timeout),
        measures=measures,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        service.work.close()

    # The interactive documentation that FastAPI offers is loaded from elsewhere, so it is left out.
    app = FastAPI(title="titlegraph", description=_ABOUT, docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.service = service
    app.include_router(router)
    app.add_exception_handler(QueryError, _answer)
    app.add_exception_handler(EmbeddingError, _answer)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _broken)
    app.mount("/", StaticFiles(directory=str(files("queries") / "page"), html=True), name="page")
    app.add_middleware(Guard, settings=settings, measures=measures, work=service.work)
    return app


def from_environment() -> FastAPI:
    """The application that the environment variable describes, for workers started by uvicorn."""
    # Questions are short and run beside each other: NumPy's threads would wait for each other, and spin meanwhile.
    threadpool_limits(limits=1, user_api="blas")
    given: dict[str, Any] = json.loads(os.environ[ENVIRONMENT])
    keys = Path(given["api_key_file"]).read_text(encoding="utf-8").split() if given["api_key_file"] else []
    paths = {name: Path(path) for name, path in given["paths"].items()}
    return create_app(paths, ServiceSettings(api_keys=tuple(keys), **given["settings"]))


async def _answer(_: Request, error: Exception) -> Response:
    return of(error)


async def _invalid(_: Request, error: Exception) -> Response:
    wrong = [
        {"where": ".".join(map(str, each["loc"])), "why": each["msg"]} for each in getattr(error, "errors", list)()
    ]
    detail = "; ".join(f"{each['where']}: {each['why']}" for each in wrong[:5])
    return problem(422, "The request can't be understood", detail, errors=wrong[:50])


async def _http(_: Request, error: Exception) -> Response:
    if isinstance(error, Stopped):
        return error.response()
    status, title = getattr(error, "status_code", 500), str(getattr(error, "detail", error))
    response = problem(status, title, _WHY.get(status, title))
    response.headers.update(getattr(error, "headers", None) or {})
    return response


async def _broken(_: Request, __: Exception) -> Response:
    """A fault of ours: what it was stands in the log and not in the answer."""
    return problem(
        500, "Something is broken here", "The service's log says what. Other questions may well be answered."
    )
