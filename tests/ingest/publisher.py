"""A publisher on loopback that misbehaves as told: what real servers and the wires before them do on bad days."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass
class Document:
    """A file on the server. `etag` and `modified` are sent where they are set; `announced` is a false length."""

    body: bytes
    etag: str | None = '"v1"'
    modified: str | None = None
    ranges: bool = True
    length: bool = True
    announced: int | None = None


@dataclass
class Fault:
    """How the next answer goes wrong: a `status` instead of the file, a body cut `after` so many bytes, a stall."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    after: int | None = None
    stall: float = 0.0
    if_range: bool = True


class Publisher:
    """What the server has and what it was asked."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.faults: deque[Fault] = deque()
        self.pace = 0.0
        self.query: Callable[[str], bytes] | None = None
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.times: list[float] = []
        self.closing = threading.Event()
        self.url = ""

    def asked(self, ending: str) -> list[dict[str, str]]:
        """The headers of the requests for paths that end so, in order; names in lower case."""
        return [headers for path, headers in self.requests if path.endswith(ending)]


def _handler(publisher: Publisher) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            publisher.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            publisher.times.append(time.monotonic())
            self.close_connection = True
            fault = publisher.faults.popleft() if publisher.faults else Fault()
            parts = urlsplit(self.path)
            if fault.status != 200:
                self._head(fault.status, {"Content-Length": "0"} | fault.headers)
                return
            if publisher.query is not None and "query" in parse_qs(parts.query):
                document = Document(publisher.query(parse_qs(parts.query)["query"][0]), etag=None, ranges=False)
            elif parts.path in publisher.documents:
                document = publisher.documents[parts.path]
            else:
                self._head(404, {"Content-Length": "0"})
                return
            self._send(document, fault)

        def _head(self, status: int, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def _send(self, document: Document, fault: Fault) -> None:
            headers = {}
            if document.etag is not None:
                headers["ETag"] = document.etag
            if document.modified is not None:
                headers["Last-Modified"] = document.modified
            current = {document.etag, document.modified} - {None}
            if current & {self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since")}:
                self._head(304, headers)
                return
            body, status = document.body, 200
            asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            if asked and document.ranges and (self.headers.get("If-Range") in current or not fault.if_range):
                start = int(asked[1])
                if start >= len(body):
                    self._head(416, {"Content-Range": f"bytes */{len(body)}", "Content-Length": "0"})
                    return
                headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
                body, status = body[start:], 206
            if document.length:
                headers["Content-Length"] = str(document.announced or len(body))
            self._head(status, headers)
            sent = body if fault.after is None else body[: fault.after]
            for i in range(0, len(sent), 1 << 14):
                self.wfile.write(sent[i : i + (1 << 14)])
                self.wfile.flush()
                if publisher.pace:
                    publisher.closing.wait(publisher.pace)
            if fault.stall:
                publisher.closing.wait(fault.stall)
            if fault.after is not None:
                self.connection.shutdown(socket.SHUT_RDWR)

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that goes away is no news."""


@contextmanager
def serving() -> Iterator[Publisher]:
    """A server on loopback for as long as the block runs."""
    publisher = Publisher()
    server = _Server(("127.0.0.1", 0), _handler(publisher))
    publisher.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield publisher
    finally:
        publisher.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def http_date(seconds: float) -> str:
    """A moment as HTTP writes it."""
    return formatdate(seconds, usegmt=True)
