"""From pairs that look alike to merges: the surest first, and none where another candidate is nearly as good."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd

from ingest.resolution.groups import Groups

#: A pair is joined from this weight of evidence on: odds of 32 to 1, or 97 %. Most pairs weigh far more.
ACCEPT = 5.0
#: A pair of less weight than this is forgotten; of more, it is worth a person's look.
CONSIDER = 2.5
#: How much better than its rivals a candidate must be.
MARGIN = 3.0
_SUREST = 0.9999


def confidence(bits: pd.Series) -> pd.Series:
    """The probability that corresponds to a weight of evidence: odds of 2^bits to 1, never quite certain."""
    return (1 / (1 + np.exp2(-bits))).clip(upper=_SUREST).round(4)


def decide(pairs: pd.DataFrame, groups: Groups) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Join what `pairs` say is one and unmistakable; return the pairs that joined groups and those left ambiguous.

    `pairs` has the columns a, b (things) and bits, the weight of evidence that they are one; others are passed on.
    Pairs are taken by falling weight. A pair has a rival where one of its groups is linked, with at most MARGIN bits
    less, to a third group that can't be one with the other: then it is left alone, for which of the two is meant is
    not for a program to guess. The outcome does not depend on the order of `pairs`. Merges are a spanning forest: of
    several reasons to join two groups the surest is kept.
    """
    pairs = pairs[pairs["bits"] >= CONSIDER]
    pairs = pairs.sort_values(["bits", "a", "b"], ascending=[False, True, True], ignore_index=True)
    left, right, bits = (pairs[c].tolist() for c in ("a", "b", "bits"))
    links: dict[int, list[int]] = defaultdict(list)  # of a group: its pairs
    for i, (a, b) in enumerate(zip(left, right, strict=True)):
        links[groups.root(a)].append(i)
        links[groups.root(b)].append(i)

    def rivalled(i: int, one: int, other: int) -> bool:
        """Whether `one` is linked nearly as well to a group that can't be `other`."""
        for j in links[one]:
            if bits[j] >= bits[i] - MARGIN:
                ends = groups.root(left[j]), groups.root(right[j])
                third = ends[0] if ends[1] == one else ends[1]
                if third not in (one, other) and groups.clash(third, other) and not groups.clash(third, one):
                    return True
        return False

    joined = np.zeros(len(pairs), dtype=bool)
    for i in range(len(pairs)):
        a, b = groups.root(left[i]), groups.root(right[i])
        if bits[i] < ACCEPT or a == b or groups.clash(a, b) or rivalled(i, a, b) or rivalled(i, b, a):
            continue
        groups.join(a, b)
        joined[i] = True
        links[groups.root(a)] = links.pop(a) + links.pop(b)
    a_roots, b_roots = groups.roots(pairs["a"].to_numpy()), groups.roots(pairs["b"].to_numpy())
    left_open = (a_roots != b_roots) & ~groups.clashes(a_roots, b_roots)
    return pairs[joined], pairs[left_open]
