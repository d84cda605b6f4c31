"""Maps: the entities of a release laid out in the plane, so that near means similar.

    layout      places by t-SNE, starting from the last release's map
    place       where something new belongs on a map that there is
    clusters    groups of places, numbered as they were on the last map
    names       the tags that tell a group from the rest, as its name
    stored      a map as a release keeps it
    build       from a release's vectors to its maps

`place` and `stored` need NumPy and pyarrow alone; `layout` and `clusters` need the extra `maps`.
"""
