"""What is served: health, metrics, releases."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from embeddings.maps.stored import held
from queries.service.answering import Service, ask, plain, thing
from queries.service.measures import MEDIA_TYPE
from queries.space import TitleSpace

router = APIRouter(tags=["service"])


@router.get("/health", responses={200: thing(status="ok", releases={"catalogue": "20261121T2150-399f"})[200]})
async def health(request: Request) -> dict[str, Any]:
    """Whether the service answers, and from which releases."""
    service: Service = request.app.state.service
    return {"status": "ok", "releases": {name: space.release.id for name, space in service.spaces.all().items()}}


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Figures for Prometheus."""
    service: Service = request.app.state.service
    open_ = {name: space.release.id for name, space in service.spaces.all().items()}
    return Response(service.measures.text(open_), media_type=MEDIA_TYPE)


@router.get(
    "/api/releases",
    responses=thing(data=[{"catalogue": "catalogue", "release": "20261121T2150-399f", "titles": 3000, "views": []}]),
)
async def releases(request: Request) -> Response:
    """The catalogues that are served: the release of each, when it was made, its views, maps and figures."""

    def question(_: TitleSpace) -> dict[str, Any]:
        service: Service = request.app.state.service
        return {"data": [_about(name, space) for name, space in service.spaces.all().items()]}

    return await ask(request, None, question)


def _about(name: str, space: TitleSpace) -> dict[str, Any]:
    manifest = space.release.manifest
    return {
        "catalogue": name,
        "release": space.release.id,
        "created": manifest["created"],
        "titles": manifest["num_titles"],
        "views": plain(space.views),
        "maps": held(space.release),
        "metrics": space.metrics,
    }
