"""Publishers' official public files, brought when a user asks for them."""

from __future__ import annotations

from ingest.download.files import Progress
from ingest.download.folder import Download, download
from ingest.download.offers import Offer, offer, offers
from ingest.download.transfer import Patience

__all__ = ["Download", "Offer", "Patience", "Progress", "download", "offer", "offers"]
