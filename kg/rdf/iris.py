"""Compact identifiers and IRIs, whole arrays at a time."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from kg.schema import Schema


def compact(schema: Schema, iris: pa.StringArray) -> pa.StringArray:
    """The identifiers of `iris` [n], as :meth:`kg.schema.Schema.compact` gives them one by one."""
    names, named = iris, pa.nulls(len(iris), pa.bool_()).fill_null(False)
    for prefix, namespace in sorted(schema.prefixes.items(), key=lambda item: (-len(item[1]), item[0])):
        here = pc.starts_with(iris, namespace)
        if not pc.any(here).as_py():
            continue
        here = pc.and_not(pc.and_(here, pc.not_equal(iris, namespace)), named)
        names = pc.if_else(here, pc.replace_substring(iris, namespace, f"{prefix}:", max_replacements=1), names)
        named = pc.or_(named, here)
    return names


def expand(schema: Schema, ids: pa.StringArray) -> pa.StringArray:
    """The IRIs of identifiers [n]. Raises :class:`kg.errors.BadIdentifier` where a prefix is not declared."""
    parts = pc.split_pattern(ids, ":", max_splits=1)
    at = pc.index_in(pc.list_element(parts, 0), value_set=pa.array(schema.prefixes.keys(), pa.string()))
    whole = pc.match_substring_regex(ids, "^(?:https?://|urn:)")
    unknown = pc.and_not(pc.is_null(at), whole)
    if pc.any(unknown).as_py():
        schema.expand(ids.filter(unknown)[0].as_py())  # says what is wrong
    namespaces = pa.array(schema.prefixes.values(), pa.string()).take(at)
    return pc.if_else(whole, ids, pc.binary_join_element_wise(namespaces, pc.list_element(parts, 1), ""))
