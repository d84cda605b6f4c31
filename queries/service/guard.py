"""What stands before every request: keys, sizes, patience, headers, measures. Plain ASGI: nothing is buffered."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from queries.service.measures import Measures
from queries.service.problems import of, problem
from queries.service.settings import ServiceSettings
from queries.service.work import Overloaded, Work

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: Nothing is loaded from elsewhere, nothing inline is run, nobody may frame the page.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]


class Stopped(HTTPException):
    """The body is too large, or did not come in time."""

    def __init__(self, status: int, title: str, why: str) -> None:
        super().__init__(status, title)
        self.why = why

    def response(self) -> Response:
        """What the client is told."""
        return problem(self.status_code, self.detail, self.why)


class Guard:
    """An ASGI application around another one."""

    def __init__(self, app: App, settings: ServiceSettings, measures: Measures, work: Work) -> None:
        self._app, self._settings, self._measures, self._work = app, settings, measures, work
        self._keys = [hashlib.sha256(key.encode()).digest() for key in settings.api_keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", []), *_HEADERS]
                if not any(name.lower() == b"cache-control" for name, _ in message["headers"]):
                    kept = b"no-store" if scope["path"].startswith("/api/") else b"no-cache"
                    message["headers"].append((b"cache-control", kept))
            await send(message)

        try:
            if refused := self._refused(scope):
                await refused(scope, receive, answer)
            else:
                await self._app(scope, self._limited(receive), answer)
        except Stopped as stopped:  # where the application let it through
            if status == 0:
                await stopped.response()(scope, receive, answer)
        except Exception:  # answered outside of this
            status = status or 500
            raise
        finally:
            route = getattr(scope.get("route"), "path", "other")
            self._measures.request(route, scope["method"], status, time.perf_counter() - began, self._work.busy)

    def _refused(self, scope: Scope) -> Response | None:
        """The response to a request that gets no further, None for one that may."""
        headers = {name.lower(): value for name, value in scope["headers"]}
        if self._keys and scope["path"].startswith("/api/") and not self._known(headers):
            return problem(401, "Who is asking?", "Send an API key: Authorization: Bearer KEY.")
        if scope["path"].startswith("/api/") and self._work.full:  # said here, it costs next to nothing
            return of(Overloaded())
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._settings.max_body:
            return self._too_large().response()
        return None

    def _known(self, headers: dict[bytes, bytes]) -> bool:
        given = headers.get(b"authorization", b"").removeprefix(b"Bearer ").strip() or headers.get(b"x-api-key", b"")
        digest = hashlib.sha256(given).digest()
        # Every key is compared, each in constant time: how long it takes says nothing.
        return sum(hmac.compare_digest(digest, key) for key in self._keys) > 0

    def _limited(self, receive: Receive) -> Receive:
        """`receive`, counted and timed until the body is complete."""
        size, complete = 0, False
        deadline = asyncio.get_running_loop().time() + self._settings.body_timeout

        async def limited() -> Message:
            nonlocal size, complete
            if complete:
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                allowed = f"{self._settings.body_timeout:g} s"
                raise Stopped(408, "Too slow", f"The request took more than {allowed} to arrive.") from None
            size += len(message.get("body", b""))
            if size > self._settings.max_body:
                raise self._too_large()
            complete = not message.get("more_body", False)
            return message

        return limited

    def _too_large(self) -> Stopped:
        return Stopped(413, "Too large", f"A request may have {self._settings.max_body:,} bytes.")
