"""The statements of a dump on disk for a while, so that it is unpacked once and asked several times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from ingest.dumps.mapped import gathered
from ingest.dumps.numbered import Numbers
from ingest.dumps.wikidata.statements import LABEL, SCHEMA


class Spool:
    """Statements in Parquet files of a folder; labels, which most of them are, apart from the rest."""

    def __init__(self, folder: Path) -> None:
        self._labels, self._rest = folder / "labels.parquet", folder / "statements.parquet"

    def write(self, tables: Iterable[pa.Table]) -> None:
        """Write all of `tables`."""
        with _file(self._labels) as labels, _file(self._rest) as rest:
            for table in gathered(tables):
                is_label = pc.starts_with(table["property"], LABEL)
                labels.write_table(table.filter(is_label))
                rest.write_table(table.filter(pc.invert(is_label)))

    def labels(self, items: Numbers) -> pa.Table:
        """The labels of `items`."""
        return pa.concat_tables([SCHEMA.empty_table(), *self._parts(self._labels, items)])

    def parts(self, properties: Sequence[str], items: Numbers | None = None) -> Iterator[pa.Table]:
        """The statements of `properties`, or only those about `items`, in the order of the dump, part by part."""
        return self._parts(self._rest, items, pc.field("property").isin(list(properties)))

    def about(self, items: Numbers, properties: Sequence[str]) -> pa.Table:
        """The statements of `properties` about `items`."""
        return pa.concat_tables([SCHEMA.empty_table(), *self.parts(properties, items)])

    @staticmethod
    def _parts(path: Path, items: Numbers | None, wanted: pc.Expression | None = None) -> Iterator[pa.Table]:
        for batch in ds.dataset(path).to_batches(filter=wanted):
            table = pa.Table.from_batches([batch])
            yield table if items is None else table.filter(pa.array(items.holds(table["item"].to_numpy())))


def _file(path: Path) -> pq.ParquetWriter:
    return pq.ParquetWriter(path, SCHEMA, compression="zstd", compression_level=1)
