"""Figures for Prometheus: requests by route and status, their seconds, what is busy, which release is open."""

from __future__ import annotations

import os
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Measures:
    """Counters of one application. Several workers add theirs up where PROMETHEUS_MULTIPROC_DIR names a folder."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "titlegraph_requests", "Requests.", ("route", "method", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "titlegraph_request_seconds",
            "Seconds until answered.",
            ("route",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._busy = Gauge(
            "titlegraph_questions", "Questions being answered or waiting.", multiprocess_mode="livesum",
            registry=self._registry,
        )  # fmt: skip
        self._release = Gauge(
            "titlegraph_release", "1 for the release that is open.", ("catalogue", "release"),
            multiprocess_mode="livemostrecent", registry=self._registry,
        )  # fmt: skip
        self._open: set[tuple[str, str]] = set()

    def request(self, route: str, method: str, status: int, seconds: float, busy: int) -> None:
        """Count a request that is over, while `busy` others are answered or wait; status 0: its client has gone."""
        self._busy.set(busy)
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self, releases: Mapping[str, str]) -> bytes:
        """Everything, as Prometheus reads it; `releases` are those that are open, by catalogue."""
        now = set(releases.items())
        for gone in self._open - now:
            self._release.labels(*gone).set(0)
        for each in now:
            self._release.labels(*each).set(1)
        self._open = now
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            every = CollectorRegistry()
            multiprocess.MultiProcessCollector(every)  # type: ignore[no-untyped-call]
            return generate_latest(every)
        return generate_latest(self._registry)
