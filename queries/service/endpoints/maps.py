"""Maps: what lies where, as a table and as the page draws it."""

from __future__ import annotations

import gzip
from typing import Annotated, Any, Literal
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from embeddings.maps.stored import held, name_of
from queries.errors import NotInRelease
from queries.map_page import data, places
from queries.maps import TitleMap
from queries.service import tables
from queries.service.answering import ask, table, thing
from queries.service.questions import Body, Subjects, View, Which, examples, subjects
from queries.space import TitleSpace

router = APIRouter(tags=["maps"])

Kind = Annotated[
    Literal["title", "book", "country"], Query(description="Of what; books and countries: in the graph view.")
]

_drawn: WeakKeyDictionary[TitleSpace, dict[tuple[str, str], bytes]] = WeakKeyDictionary()


def stored(space: TitleSpace, view: str, kind: str) -> TitleMap:
    """A map that the release holds; the service makes none. Raises :class:`NotInRelease`."""
    if view in space.release.manifest["views"] and name_of(view, kind) not in held(space.release):
        raise NotInRelease(space.release.id, f"map of kind {kind!r} in the view {view!r}")
    return space.map(view, kind)


@router.get("/api/map", responses=table(id="imdb:tt2543164", label="Arrival", x=1.2, y=-3.4, cluster=7))
async def map_(request: Request, view: View = "fused", kind: Kind = "title", catalogue: Which = None) -> Response:
    """Titles, books or countries in the plane: near means similar.

    Columns: id, label, kind, year, x, y, cluster, cluster_label, genre, country.
    """
    return await ask(request, catalogue, lambda space: stored(space, view, kind).frame)


@router.get("/api/map/picture", responses=thing(heading="3,000 titles, fused view", id=[], label=[], x=[], y=[]))
async def picture(request: Request, view: View = "fused", kind: Kind = "title", catalogue: Which = None) -> Response:
    """The same as the page draws it: one list a column, places as whole numbers, colours and clusters."""
    zipped = "gzip" in request.headers.get("accept-encoding", "")

    def question(space: TitleSpace) -> Response:
        kept = _drawn.setdefault(space, {})
        if (view, kind) not in kept:
            drawn = stored(space, view, kind)
            about = {"heading": drawn.heading, "note": drawn.note, "release": drawn.release}
            kept[view, kind] = gzip.compress(tables.text(about | data(drawn)).encode(), 5)
        body = kept[view, kind]
        headers = {"Vary": "Accept-Encoding"} | ({"Content-Encoding": "gzip"} if zipped else {})
        return Response(body if zipped else gzip.decompress(body), media_type=tables.JSON, headers=headers)

    return await ask(request, catalogue, question)


class Placed(Body):
    """Titles or drafts to be found on a map."""

    titles: Subjects
    view: str = "fused"
    kind: Literal["title", "book", "country"] = "title"

    model_config = examples({"titles": ["Arrival"], "view": "fused"})


@router.post("/api/map/places", responses=table(id="imdb:tt2543164", label="Arrival", x=1200.0, y=310.0, on_map=True))
async def placed(request: Request, asked: Placed, catalogue: Which = None) -> Response:
    """Where titles or drafts lie on the picture; what is not on it lies among its nearest neighbours there.

    Columns: id, label, x, y (as in the picture), on_map.
    """

    def question(space: TitleSpace) -> Any:
        drawn = stored(space, asked.view, asked.kind)
        return places(drawn, drawn.place(subjects(space, asked.titles)))

    return await ask(request, catalogue, question)
