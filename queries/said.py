"""What people say of a draft, checked: texts, pairs of a relation and a name, a kind, minutes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from embeddings.content.language import english
from queries.errors import BadQuestion

_MOST_TEXT = 100_000
_READ_WORDS = 190  # about as many as the text encoder reads


def missing(value: object) -> bool:
    """Whether a cell says nothing."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def text(value: object, what: str) -> str:
    """A text in normal spacing. Raises :class:`BadQuestion`."""
    if not isinstance(value, str):
        raise BadQuestion(f"Among the draft's {what} is {value!r}, but it must be text.")
    whole = value[:_MOST_TEXT].encode("utf-8", "replace").decode()  # half a surrogate pair is no letter
    return " ".join(whole.split())


def texts(value: object, what: str) -> list[str]:
    """One text or several, each once, without empty ones. Raises :class:`BadQuestion`."""
    if isinstance(value, str):
        value = [value]
    listed = [text(each, what) for each in items(value, what)]
    return [each for each in dict.fromkeys(listed) if each]


def pairs(value: object, what: str) -> list[tuple[str, str]]:
    """Texts, or pairs of a relation and a text, as pairs; the relation is empty where none is given."""
    if isinstance(value, Mapping):
        named = [(text(relation, what), several) for relation, several in value.items()]
        return [(relation, each) for relation, several in named for each in texts(several, what)]
    if isinstance(value, str):
        return [("", each) for each in texts(value, what)]
    listed = []
    for each in items(value, what):
        if isinstance(each, Mapping):
            listed += pairs(each, what)
        elif isinstance(each, tuple | list) and len(each) == 2:
            listed.append((text(each[0], what), text(each[1], what)))
        else:
            listed.append(("", text(each, what)))
    return [pair for pair in dict.fromkeys(listed) if pair[1]]


def items(value: object, what: str) -> Iterable[Any]:
    """The members of a list, tuple, set, array or series. Raises :class:`BadQuestion`."""
    if isinstance(value, np.ndarray | pd.Series | pd.Index):
        return value.tolist()
    if not isinstance(value, Sequence | set | frozenset) or isinstance(value, str | bytes):
        raise BadQuestion(f"The draft's {what} are {value!r}, but must be a list.")
    return value


def kind(value: object) -> str | None:
    """Film or series; None for None. Raises :class:`BadQuestion`."""
    if value is None:
        return None
    word = str(value).strip().casefold()
    if word not in ("film", "series"):
        raise BadQuestion(f"The draft's kind is {value!r}, but must be film or series.")
    return word


def minutes(value: Any) -> float | None:
    """A runtime; None for None. Raises :class:`BadQuestion`."""
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0 < number < 100_000:
        raise BadQuestion(f"The draft's runtime is {value!r}, but must be a number of minutes.")
    return number


def about_text(summary: str) -> list[str]:
    """What to know about how a summary is read."""
    words = summary.split()
    notes = []
    if english(summary) is False:
        notes.append("The summary does not seem to be English, which is all that the packaged text encoder knows well.")
    if len(words) > _READ_WORDS:
        notes.append(f"Of the summary's {len(words):,} words only about the first {_READ_WORDS} are read.")
    return notes
