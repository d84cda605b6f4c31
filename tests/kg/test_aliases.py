"""Groups of identifiers, against a brute-force reading of the rules."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kg.aliases import resolve

pairs = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=12)


def brute_force(count: int, same: list[tuple[int, int]], different: list[tuple[int, int]]) -> list[int]:
    groups = [{row} for row in range(count)]
    for a, b in same:
        ga = next(g for g in groups if a in g)
        gb = next(g for g in groups if b in g)
        apart = any((x in ga and y in gb) or (x in gb and y in ga) for x, y in different if x != y)
        if ga is not gb and not apart:
            groups.remove(gb)
            ga |= gb
    return [min(next(g for g in groups if row in g)) for row in range(count)]


@given(same=pairs, different=pairs)
def test_agrees_with_brute_force(same: list[tuple[int, int]], different: list[tuple[int, int]]) -> None:
    assert resolve(8, same, different).tolist() == brute_force(8, same, different)
