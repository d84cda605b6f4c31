"""Questions on threads: so many at once, so many waiting, no more; a server that says "later" does not collapse."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from queries.errors import QueryError

A = TypeVar("A")
T = TypeVar("T")


class Overloaded(QueryError):
    """Too many questions are waiting."""

    def __init__(self) -> None:
        super().__init__("The service is busy. Ask again in a moment.")


class TookTooLong(QueryError):
    """The question was given up."""


class Work:
    """A bounded pool of threads, for one event loop, on which alone its state is changed.

    A thread can't be stopped, so a question that was given up keeps its place until it has really ended: otherwise
    impatient clients would pile up work that nobody waits for.
    """

    def __init__(self, *, threads: int, waiting: int, timeout: float) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="question")
        self._most, self._timeout = threads + waiting, timeout
        self._waiting: dict[Hashable, _Batch] = {}
        self._running: dict[Hashable, asyncio.Future[Any]] = {}
        self.busy = 0

    @property
    def full(self) -> bool:
        """Whether the next question would be turned away."""
        return self.busy >= self._most

    async def __call__(self, question: Callable[[], T]) -> T:
        """The answer. Raises :class:`Overloaded`, :class:`TookTooLong`, and what the question raises."""
        return await self.together(object(), question, lambda questions: [each() for each in questions])

    async def together(self, sort: Hashable, asked: A, answer: Callable[[Sequence[A]], Sequence[T]]) -> T:
        """The answer to `asked`, found with those to whatever else of this `sort` is asked while some are answered.

        One batch of a sort is answered at a time, so who comes first is answered alone, and the more ask, the less each
        costs. Raises as a call does; what `answer` raises is raised to everybody of the batch.
        """
        if self.full:
            raise Overloaded
        self.busy += 1
        batch = self._waiting.get(sort)
        if batch is None:
            batch = self._waiting[sort] = _Batch()
            batch.answers = asyncio.ensure_future(self._answers(sort, batch, answer))
            batch.answers.add_done_callback(_seen)
        number = len(batch.asked)
        batch.asked.append(asked)
        try:
            async with asyncio.timeout(self._timeout):
                return (await asyncio.shield(batch.answers))[number]
        except TimeoutError:
            batch.given_up += 1
            raise TookTooLong(f"The answer took more than {self._timeout:g} s. Ask for less.") from None

    async def _answers(self, sort: Hashable, batch: _Batch, answer: Callable[[Sequence[Any]], Sequence[T]]) -> Any:
        if sort in self._running:
            await asyncio.wait([self._running[sort]])
        del self._waiting[sort]  # whoever comes from now on is of the next batch
        self._running[sort] = running = asyncio.wrap_future(self._pool.submit(batch.answered, answer))
        try:
            return await running
        finally:
            self.busy -= len(batch.asked)
            if self._running.get(sort) is running:
                del self._running[sort]

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class _Batch:
    """What is asked together, and its answers to come."""

    answers: asyncio.Future[Any]

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.given_up = 0

    def answered(self, answer: Callable[[Sequence[Any]], Sequence[T]]) -> Sequence[T]:
        if self.given_up == len(self.asked):
            raise TookTooLong
        return answer(self.asked)


def _seen(answers: asyncio.Future[Any]) -> None:
    """Look at what went wrong, lest asyncio complain where everybody has given up."""
    if not answers.cancelled():
        answers.exception()
