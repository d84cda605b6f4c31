"""What can go wrong with a download, below :class:`ingest.errors.IngestError`.

DownloadError
├── UnknownDownload       no source of that name can be downloaded
├── DownloadDeclined      whoever was asked did not agree
├── DownloadBusy          another process downloads to the same folder
├── DownloadFailed        the server does not give the file
├── ChecksumMismatch      the file is not the one whose checksum the publisher gives
├── NotEnoughSpace        the disk would fill up
└── NothingToAsk          a download by query needs identifiers
"""

from __future__ import annotations

from pathlib import Path

from ingest.errors import IngestError


class DownloadError(IngestError):
    """Base of what can go wrong with a download."""


class UnknownDownload(DownloadError):
    def __init__(self, name: str, known: list[str]) -> None:
        self.name, self.known = name, known
        super().__init__(f"No download is called {name!r}; there are {', '.join(known)}.")


class DownloadDeclined(DownloadError):
    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"Nothing of {name} was downloaded: its licence and size were not agreed to (with --yes they are)."
        )


class DownloadBusy(DownloadError):
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(f"Another process is downloading to {folder}. Wait for it, or choose another folder.")


class DownloadFailed(DownloadError):
    def __init__(self, url: str, why: str, attempts: int = 1) -> None:
        self.url, self.why, self.attempts = url, why, attempts
        tried = f", {attempts} times" if attempts > 1 else ""
        super().__init__(f"{url} could not be fetched{tried}: {why}. What has arrived is kept; run it again to go on.")


class ChecksumMismatch(DownloadError):
    def __init__(self, url: str, expected: str, found: str) -> None:
        self.url, self.expected, self.found = url, expected, found
        super().__init__(
            f"{url} has the checksum {found} where its publisher gives {expected}; it was thrown away. "
            "Run it again: the publisher may be replacing the file, or a proxy may have changed it."
        )


class NotEnoughSpace(DownloadError):
    def __init__(self, folder: Path, needed: int, free: int) -> None:
        self.folder, self.needed, self.free = folder, needed, free
        super().__init__(
            f"{folder} has {free / 1e9:.2f} GB free where {needed / 1e9:.2f} GB are needed. "
            "Make room, or choose a folder on another disk."
        )


class NothingToAsk(DownloadError):
    def __init__(self, name: str, prefix: str) -> None:
        self.name, self.prefix = name, prefix
        super().__init__(
            f"{name} is downloaded for given titles: it needs identifiers of the form {prefix}:…, and there are none. "
            "Ingest a source that has them first, and name that workspace."
        )
