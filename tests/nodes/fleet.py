"""The application on several nodes: where its replicas are, and clients of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from deployments.local.child_service import REPOSITORY
from local_ray.environment import ray_headers
from local_ray.running import free_port
from tests.waiting import SERVICE_PATIENCE_S, wait_for


class Fleet:
    """The child process with the nodes, and the state that Ray Serve reports of them."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        self._environment = {**os.environ, **environment}
        self._ray_folder = Path(environment["RAY_TMPDIR"])
        with log.open("wb") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("nodes.py")), str(free_port())],
                cwd=REPOSITORY,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        try:
            self._read()
        except BaseException:
            self.stop()  # no other thread has this object yet
            raise

    def add(self, name: str, kind: str) -> None:
        self._tell(f"add {name} {kind}")

    def kill(self, name: str) -> None:
        self._tell(f"kill {name}")

    def drain(self, name: str) -> None:
        """Run the command that a pod runs before it stops. Returns when no replica is on the
        node."""
        command = [sys.executable, "-m", "deployments.drain", "--within-s", "120"]
        command += ["--address", self.address, "--node-id", self.nodes[name]]
        done = subprocess.run(
            command, cwd=REPOSITORY, env=self._environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-4000:]

    def stop(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def applications(self) -> dict[str, Any]:
        url = f"{self.dashboard}/api/serve/applications/"
        answer = httpx.get(url, headers=ray_headers(self._environment), timeout=SERVICE_PATIENCE_S)
        found: dict[str, Any] = answer.json()
        return found

    def places(self) -> dict[str, list[str]]:
        """Deployment to the names of the nodes with its running replicas."""
        names = {node_id: name for name, node_id in self.nodes.items()}
        (application,) = self.applications()["applications"].values()
        return {
            deployment: sorted(
                names.get(replica["node_id"], "dead")
                for replica in details["replicas"]
                if replica["state"] == "RUNNING"
            )
            for deployment, details in application["deployments"].items()
        }

    def repeated_jobs(self) -> int:
        """Number of generations that an ingress repeated because their replica was lost."""
        logs = [path for path in self._ray_folder.glob("**/logs/**/*") if path.is_file()]
        return sum(path.read_bytes().count(b"Replica lost during") for path in logs)

    def proxies(self) -> set[str]:
        """Names of the nodes with a healthy proxy."""
        names = {node_id: name for name, node_id in self.nodes.items()}
        found = self.applications()["proxies"]
        return {names[n] for n, told in found.items() if told["status"] == "HEALTHY" and n in names}

    def wait_for_strength(self, least: Mapping[str, int]) -> None:
        """Wait until every deployment has its minimum number of replicas, all on running nodes."""

        def strong() -> bool:
            places = self.places()
            alive = all("dead" not in nodes for nodes in places.values())
            return alive and all(len(places.get(name, ())) >= n for name, n in least.items())

        wait_for(strong, SERVICE_PATIENCE_S, said=self.places)

    def _tell(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        self._read()

    def _read(self) -> None:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self.log.read_text(encoding="utf-8", errors="replace")[-4000:]
        told = json.loads(line)
        self.address: str = told["address"]
        self.dashboard: str = told["dashboard"]
        self.nodes: dict[str, str] = told["nodes"]
        self.metrics: list[str] = told["metrics"]
        """Addresses of the nodes' metrics for Prometheus."""


@dataclass
class Crowd:
    """Clients that send one request after the other, each on a new connection, until they stop.

    Like the SDK, they repeat a request after `Retry-After` if the service is busy, which it may be
    after the loss of a node."""

    url: str
    key: str
    asks: list[tuple[str, dict[str, Any]]]
    """Route and body of each client's requests."""
    ends: list[list[str]] = field(default_factory=list)
    """The ends of each client's requests, in order: "ok", the code of an error, or the name of a
    connection error."""

    def __enter__(self) -> Crowd:
        self._leave = threading.Event()
        self.ends = [[] for _ in self.asks]
        self._threads = [threading.Thread(target=self._client, args=(n,)) for n in self._numbers()]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._leave.set()
        for thread in self._threads:
            thread.join(SERVICE_PATIENCE_S)

    def wait_for_each(self, answers: int) -> None:
        """Wait until every client has got `answers` more successful answers."""
        before = [Counter(ends)["ok"] for ends in self.ends]

        def heard() -> bool:
            return all(
                Counter(ends)["ok"] - had >= answers
                for ends, had in zip(self.ends, before, strict=True)
            )

        wait_for(heard, SERVICE_PATIENCE_S, said=lambda: self.ends)

    def _numbers(self) -> range:
        return range(len(self.asks))

    def _client(self, number: int) -> None:
        while not self._leave.is_set():
            end = self._ask(*self.asks[number])
            if end is not None:
                self.ends[number].append(end)

    def _ask(self, route: str, body: dict[str, Any]) -> str | None:
        """The end of the request; None if the service was busy and the client must try again."""
        try:
            answer = httpx.post(
                f"{self.url}/api/v1{route}",
                headers={"X-API-Key": self.key},
                json=body,
                timeout=SERVICE_PATIENCE_S,
            )
        except httpx.TransportError as error:
            return type(error).__name__
        if answer.status_code == httpx.codes.OK:
            return "ok"
        try:
            code = str(answer.json()["error"]["code"])
        except (ValueError, KeyError, TypeError):
            return f"{answer.status_code} {answer.text[:200]}"
        if code != "OVERLOADED":
            return code
        self._leave.wait(float(answer.headers["Retry-After"]))
        return None
