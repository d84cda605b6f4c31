"""How telling it is that two titles share something."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

#: So many described titles without it are thought beside those there are: what one of two titles has is not yet common,
#: and what both of the only two have is not yet what everybody has.
_UNSEEN = 10


def rarity(titles: npt.ArrayLike, described: npt.ArrayLike) -> Any:
    """Inverse document frequency ln((described + 10) / titles), always above 0.

    Args:
        titles: how many titles have it, at least 1.
        described: how many titles have anything of its sort. Not all titles there are: most sources describe few, and
            what is common among those would look rare.
    """
    return np.log((np.asarray(described) + _UNSEEN) / np.maximum(titles, 1))
