"""What an answer about pairs of titles is: a frame to compute with, and a paragraph for each to read."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import pandas as pd


@dataclass(frozen=True, eq=False)
class Told:
    """An answer in rows and in words.

    Attributes:
        frame: the rows of all.
        said: one row each, with what it is about and `text`, the same as a paragraph.
    """

    frame: pd.DataFrame
    said: pd.DataFrame

    @property
    def text(self) -> str:
        """The paragraph; of several one after the other, with an empty line between them."""
        return "\n\n".join(self.said["text"])

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        paragraphs = "".join(f"<p>{escape(text)}</p>" for text in self.said["text"])
        return paragraphs + self.frame.to_html(index=False)
