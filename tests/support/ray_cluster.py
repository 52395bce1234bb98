"""A Ray cluster of two nodes on this machine, for the tests: prints its address, and ends with stdin."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# A node counts as lost after two seconds without a sign of life, not after half a minute.
os.environ.update(
    RAY_USAGE_STATS_ENABLED="0",
    RAY_health_check_initial_delay_ms="0",
    RAY_health_check_period_ms="500",
    RAY_health_check_timeout_ms="1000",
    RAY_health_check_failure_threshold="4",
)

from ray.cluster_utils import Cluster

NODE = {"num_cpus": 1, "object_store_memory": 80 * 2**20}


def main(folder: str) -> None:
    # Where Ray notes the cluster that is the machine's own; it makes the folder for that only now and then.
    os.environ["RAY_TMPDIR"] = folder
    Path(folder, "ray").mkdir()
    cluster = Cluster(
        initialize_head=True, connect=False, head_node_args={**NODE, "include_dashboard": False, "temp_dir": folder}
    )
    try:
        node = cluster.add_node(**NODE)
        (raylet,) = node.all_processes["raylet"]
        sys.stdout.write(f"{cluster.address} {raylet.process.pid}\n")
        sys.stdout.flush()
        sys.stdin.read()
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
