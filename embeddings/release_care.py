"""Care of a workspace's releases: back to the one before, and away with those that nobody needs."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from embeddings.errors import NoEarlierRelease, NoRelease, ReleaseError, UnknownSetting
from embeddings.release import MANIFEST, RELEASES, Release, changing, names, promotions, set_promotions
from embeddings.release_lock import unheld
from embeddings.release_writer import DRAFT


def rollback(workspace: str | Path) -> str:
    """Promote the release that was promoted before the present one, after checking all of it; returns its id.

    What is rolled back stays on disk. Another rollback goes back one further; releases that were pruned or are
    damaged are passed over. Raises :class:`NoRelease`, :class:`NoEarlierRelease`.
    """
    path = Path(workspace)
    if not promotions(path):
        raise NoRelease(path)
    with changing(path):
        promoted = promotions(path)
        for count in range(len(promoted) - 1, 0, -1):
            name = promoted[count - 1]
            if name == promoted[-1]:
                continue
            try:
                Release.open(path / RELEASES / name).verify()
            except ReleaseError:
                continue
            set_promotions(path, promoted[:count])
            return name
    raise NoEarlierRelease(path, promoted[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What `prune` did: ids removed, oldest first, ids that somebody has open and that stayed, and bytes freed."""

    removed: tuple[str, ...]
    held: tuple[str, ...]
    freed: int


def prune(workspace: str | Path, keep: int = 3) -> Pruned:
    """Remove releases, except the last `keep` that were promoted and the newest `keep` that never were.

    The promoted one always stays, and so does what somebody has open (on this machine). A release goes at once or not
    at all: a prune that is killed leaves none half removed. Raises :class:`UnknownSetting` for a `keep` below 1.
    """
    path = Path(workspace)
    if keep < 1:
        raise UnknownSetting(f"keep is {keep}, but at least one release must stay.")
    removed, held, freed = [], [], 0
    known = names(path)
    if not known:
        return Pruned(removed=(), held=(), freed=0)
    with changing(path):
        known = names(path)
        order = [name for name in dict.fromkeys(reversed(promotions(path))) if name in known]
        others = [name for name in reversed(known) if name not in order]
        stays = {*order[:keep], *others[:keep]}
        for name in known:
            if name in stays:
                continue
            folder = path / RELEASES / name
            with unheld(folder / MANIFEST) as free:
                if not free:
                    held.append(name)
                    continue
                gone = path / RELEASES / f"{DRAFT}{name}"  # what a killed prune leaves is cleared with old drafts
                os.rename(folder, gone)
            freed += sum(file.stat().st_size for file in gone.rglob("*") if file.is_file())
            removed.append(name)
            os.utime(gone, (0, 0))
            shutil.rmtree(gone, ignore_errors=True)
    return Pruned(removed=tuple(removed), held=tuple(held), freed=freed)
