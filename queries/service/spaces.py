"""The open releases: each workspace's promoted one, exchanged while questions to the old one are still answered."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from embeddings.errors import EmbeddingError
from embeddings.release import current
from queries.errors import QueryError, UnknownName
from queries.space import TitleSpace

log = logging.getLogger("titlegraph.serve")


class UnknownCatalogue(UnknownName):
    what = "catalogue"


class Spaces:
    """Workspaces, or release folders, by name; the first is asked where a question names none.

    A question holds the space that it got, so an exchange never takes a release from under it: files stay mapped until
    the last question lets go, even if the release is pruned meanwhile.

    Raises the errors of :meth:`TitleSpace.open`.
    """

    def __init__(self, paths: Mapping[str, Path], *, poll: float, read_drafts: bool = False) -> None:
        self._paths, self._poll, self._read_drafts = dict(paths), poll, read_drafts
        self._looking = threading.Lock()
        self._open = {name: self._warm(path) for name, path in self._paths.items()}
        self._looked = time.monotonic()

    @property
    def names(self) -> list[str]:
        """What the catalogues are called."""
        return list(self._paths)

    def all(self) -> dict[str, TitleSpace]:
        """Every space by name."""
        self._look()
        return dict(self._open)

    def get(self, name: str | None = None) -> TitleSpace:
        """The space of a catalogue. Raises :class:`UnknownCatalogue`."""
        self._look()
        name = next(iter(self._open)) if name is None else name
        if name not in self._open:
            raise UnknownCatalogue(name, self.names)
        return self._open[name]

    def again(self, name: str | None = None) -> TitleSpace:
        """The space, looked up now: for a question whose release was pruned before it had opened a file of it."""
        self._looked = -self._poll
        return self.get(name)

    def _look(self) -> None:
        """Open what was promoted since the last look; only one thread does, the others go on with what is open."""
        if time.monotonic() - self._looked < self._poll or not self._looking.acquire(blocking=False):
            return
        try:
            self._looked = time.monotonic()
            for name, path in self._paths.items():
                self._renew(name, path)
        finally:
            self._looking.release()

    def _renew(self, name: str, path: Path) -> None:
        try:
            promoted = current(path)
            if promoted is None or promoted == self._open[name].release.id:
                return
            self._open[name] = self._warm(path)
            log.info("catalogue %s: release %s is open", name, promoted)
        except EmbeddingError as error:  # the one that is open stays
            log.error("catalogue %s: the promoted release can't be opened: %s", name, error)

    def _warm(self, path: Path) -> TitleSpace:
        """Open a space and ask it once, so that the first visitor doesn't wait for its tables."""
        space = TitleSpace.open(path)
        space.find("a", k=1)
        titles = space.vectors().index[:1].tolist()
        if titles:
            space.similar(titles, k=1)
        if self._read_drafts:  # takes seconds, and is needed for drafts alone
            threading.Thread(target=_read_a_draft, args=(space,), name="drafts", daemon=True).start()
        return space


def _read_a_draft(space: TitleSpace) -> None:
    try:
        space.draft(summary="Somebody is looking for somebody.")
    except (QueryError, EmbeddingError) as error:
        log.info("drafts are not read: %s", error)
