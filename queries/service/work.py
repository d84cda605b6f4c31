"""Questions on threads: so many at once, so many waiting, no more; a server that says "later" does not collapse."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from queries.errors import QueryError

T = TypeVar("T")


class Overloaded(QueryError):
    """Too many questions are waiting."""

    def __init__(self) -> None:
        super().__init__("The service is busy. Ask again in a moment.")


class TookTooLong(QueryError):
    """The question was given up."""


class Work:
    """A bounded pool of threads.

    A thread can't be stopped, so a question that was given up keeps its place until it has really ended: otherwise
    impatient clients would pile up work that nobody waits for.
    """

    def __init__(self, *, threads: int, waiting: int, timeout: float) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="question")
        self._most, self._timeout = threads + waiting, timeout
        self._lock = threading.Lock()
        self.busy = 0

    @property
    def full(self) -> bool:
        """Whether the next question would be turned away."""
        return self.busy >= self._most

    async def __call__(self, question: Callable[[], T]) -> T:
        """The answer. Raises :class:`Overloaded`, :class:`TookTooLong`, and what the question raises."""
        with self._lock:
            if self.full:
                raise Overloaded
            self.busy += 1
        given_up = threading.Event()

        def answer() -> T:
            try:
                if given_up.is_set():
                    raise TookTooLong
                return question()
            finally:
                with self._lock:
                    self.busy -= 1

        running = self._pool.submit(answer)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(running), self._timeout)
        except TimeoutError:
            given_up.set()
            raise TookTooLong(f"The answer took more than {self._timeout:g} s. Ask for less.") from None

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)
