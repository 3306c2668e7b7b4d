"""Several Ray nodes on one machine, in a process that reads commands from standard input. It
answers each with one line of JSON: the dashboard's address and the ids of the running nodes.

    add NAME cpu|gpu
    kill NAME
"""

from __future__ import annotations

import json
import sys
from typing import Any

import psutil
from ray.cluster_utils import Cluster

STORE_BYTES = 100 * 2**20
# Resources of the worker groups in k8s/base/rayservice.yaml. There the ingress has its own pods;
# here it runs on the CPU nodes, which saves two nodes.
KINDS: dict[str, dict[str, Any]] = {
    "cpu": {"num_cpus": 8, "resources": {"cpu_node": 1, "ingress_node": 1}},
    "gpu": {"num_cpus": 6, "num_gpus": 1, "resources": {"gpu_node": 1}},
}


class Nodes:
    """A head node without work, and the worker nodes that were added and not killed."""

    def __init__(self, dashboard_port: int) -> None:
        self._cluster = Cluster(
            initialize_head=True,
            head_node_args={
                "num_cpus": 0,
                "include_dashboard": True,
                "dashboard_host": "127.0.0.1",
                "dashboard_port": dashboard_port,
                "object_store_memory": STORE_BYTES,
            },
        )
        self._nodes = {"head": self._cluster.head_node}

    def add(self, name: str, kind: str) -> None:
        self._nodes[name] = self._cluster.add_node(object_store_memory=STORE_BYTES, **KINDS[kind])

    def kill(self, name: str) -> None:
        """Send SIGKILL to all processes of the node at once, as if the machine failed."""
        node = self._nodes.pop(name)
        roots = [
            psutil.Process(info.process.pid)
            for infos in node.all_processes.values()
            for info in infos
        ]
        for process in [*(child for root in roots for child in root.children(True)), *roots]:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        self._cluster.remove_node(node, allow_graceful=False)

    def told(self) -> str:
        ids = {name: node.node_id for name, node in self._nodes.items()}
        table = self._cluster.global_state.node_table()
        ports = [row["MetricsExportPort"] for row in table if row["NodeID"] in ids.values()]
        metrics = [f"http://127.0.0.1:{port}/metrics" for port in ports]
        told = {"address": self._cluster.address, "nodes": ids, "metrics": metrics}
        return json.dumps({"dashboard": f"http://{self._cluster.webui_url}", **told})

    def shut_down(self) -> None:
        self._cluster.shutdown()


def tell(nodes: Nodes) -> None:
    sys.stdout.write(nodes.told() + "\n")
    sys.stdout.flush()


def main() -> None:
    nodes = Nodes(int(sys.argv[1]))
    tell(nodes)
    for line in sys.stdin:
        word, *names = line.split()
        if word == "add":
            nodes.add(*names)
        else:
            nodes.kill(*names)
        tell(nodes)
    nodes.shut_down()


if __name__ == "__main__":
    main()
