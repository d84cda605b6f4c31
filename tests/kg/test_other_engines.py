"""The tables are plain Delta tables: another engine reads them, over several processes, without this project's code."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from deltalake import DeltaTable

from ingest.sample import ingest_sample
from kg import KnowledgeGraph


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the engine, about itself
def test_a_ray_cluster_of_two_nodes_reads_the_facts_of_a_snapshot(tmp_path: Path) -> None:
    ray = pytest.importorskip("ray", reason="ray is not installed")
    from ray.cluster_utils import Cluster

    kg = KnowledgeGraph.create(tmp_path / "workspace")
    ingest_sample(kg)
    snapshot = json.loads((tmp_path / "workspace" / "snapshot").read_text())
    table = DeltaTable(tmp_path / "workspace" / "tables" / "facts", version=snapshot["tables"]["facts"])

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "object_store_memory": 10**8})
    try:
        cluster.add_node(num_cpus=1, object_store_memory=10**8)
        ray.init(address=cluster.address, logging_level="error", log_to_driver=False)
        assert len([node for node in ray.nodes() if node["Alive"]]) == 2
        ray.data.DataContext.get_current().enable_progress_bars = False
        found = ray.data.read_parquet(table.file_uris()).groupby("relation").count().to_pandas()
    finally:
        ray.shutdown()
        cluster.shutdown()

    expected = kg.facts(raw=True).groupby("relation").size()
    pd.testing.assert_series_equal(
        found.set_index("relation")["count()"].sort_index(), expected, check_names=False, check_dtype=False,
        check_index_type=False,
    )  # fmt: skip
