"""Drains a node: it gets no new work, Serve starts its replicas on other nodes, and requests that
run on it can finish. Pods run this before they stop (`preStop` in k8s/base/rayservice.yaml).

    python -m deployments.drain --within-s 1320
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import ray
from ray._raylet import GcsClient  # type: ignore[attr-defined]  # compiled
from ray.core.generated.autoscaler_pb2 import DrainNodeReason
from ray.util.state import list_actors

LOOK_EVERY_S = 2.0
SERVING = ("ServeReplica", "ProxyActor", "HAProxyManager")
"""Beginnings of the class names of actors that can have requests in progress."""


def main(arguments: list[str] | None = None) -> int:
    """Returns 0 if nothing serves on the node any more, 1 if the time ran out or Ray refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--within-s", type=float, required=True, help="longest wait, seconds")
    parser.add_argument("--address", default="auto", help="address of the cluster")
    parser.add_argument("--node-id", help="id of the node, hex; default: this node")
    asked = parser.parse_args(arguments)
    ray.init(address=asked.address, log_to_driver=False, logging_level="error")
    node_id = asked.node_id or ray.get_runtime_context().get_node_id()
    refusal = refuse_new_work(node_id, asked.within_s)
    if refusal is not None:
        sys.stderr.write(f"not drained: {refusal}\n")
        return 1
    left = wait_until_left(lambda: serving_actors(node_id), asked.within_s)
    if left:
        sys.stderr.write(
            f"{left} replicas and proxies still serve on this node after {asked.within_s:g} s: is "
            "there another node with room for them?\n"
        )
    return 1 if left else 0


def refuse_new_work(node_id: str, within_s: float) -> str | None:
    """Tell Ray that the node is leaving, as `ray drain-node` does.

    Returns the reason if Ray refuses.
    """
    client = GcsClient(address=ray.get_runtime_context().gcs_address)
    accepted, reason = client.drain_node(
        node_id,
        DrainNodeReason.Value("DRAIN_NODE_REASON_PREEMPTION"),
        "the node is about to stop",
        int((time.time() + within_s) * 1000),
    )
    return None if accepted else str(reason)


def serving_actors(node_id: str) -> int:
    """Replicas and proxies that are alive on the node."""
    alive = list_actors(filters=[("node_id", "=", node_id), ("state", "=", "ALIVE")], limit=1000)
    return sum(1 for actor in alive if actor.class_name.startswith(SERVING))


def wait_until_left(
    serving: Callable[[], int],
    within_s: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Wait until nothing serves on the node. Returns how many still serve when the time ran out;
    0: none."""
    give_up = clock() + within_s
    while (left := serving()) and clock() < give_up:
        sleep(LOOK_EVERY_S)
    return left


if __name__ == "__main__":
    raise SystemExit(main())
