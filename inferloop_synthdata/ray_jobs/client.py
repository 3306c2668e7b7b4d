"""Submits and follows jobs through the REST API of Ray jobs, without importing Ray.

https://docs.ray.io/en/latest/cluster/running-applications/job-submission/rest.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlsplit

import httpx

from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.errors import (
    ConnectionFailed,
    JsonValue,
    ServerError,
    UnexpectedAnswer,
    error_class,
)
from inferloop_synthdata.ray_jobs.package import package_name
from inferloop_synthdata.transport.address import check_url
from inferloop_synthdata.transport.foreign_errors import http_errors, proxy_errors

DEFAULT_ADDRESS = "http://127.0.0.1:8265"
_ENDED = frozenset({"SUCCEEDED", "FAILED", "STOPPED"})
_MAX_LOST_POLLS = 5
"""Failed polls in a row after which `follow` raises the error. Network errors are often short."""
_NO_AGENT = "No available agent"
"""Part of the answer of Ray's dashboard if no node has a job agent yet, which happens just after
its start and under load. No job was submitted then."""
_AGENT_WAITS_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Waits between attempts to submit, seconds."""


class RayJobs:
    """Client of the Ray cluster whose dashboard is at `address`. Every method blocks.

    `token` is the cluster's token (see `ray_token`); None sends none. Tests pass `transport` and
    `sleep`. The methods raise `ConnectionFailed`, `ApiError` (Ray refuses the request) and
    `UnexpectedAnswer`; the constructor raises `UsageProblem` for an address that is not a URL.
    """

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        token: str | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UsageProblem(f"--ray-address must look like {DEFAULT_ADDRESS}, not {address}")
        self._sleep = sleep
        self._origin = f"Ray at {parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        check_url(address, "--ray-address")
        with proxy_errors():
            self._http = httpx.Client(
                base_url=address.rstrip("/"),
                # A cluster needs it if it was started with `RAY_AUTH_MODE=token`.
                headers={"Authorization": f"Bearer {token}"} if token else {},
                timeout=httpx.Timeout(60.0, connect=10.0),
                transport=transport,
            )

    def upload(self, package: bytes) -> str:
        """Upload a working directory (a ZIP file from `package_folder`), unless the cluster has it
        already. Returns its URI for `submit`."""
        name = package_name(package)
        path = f"/api/packages/gcs/{name}"
        there = self._send("GET", path)
        if there.status_code == 404:
            self._checked(self._send("PUT", path, content=package))
        else:
            self._checked(there)
        return f"gcs://{name}"

    def submit(
        self, entrypoint: str, working_dir: str | None = None, submission_id: str | None = None
    ) -> str:
        """Start `entrypoint`, a shell command, as a job. Returns its submission id. `working_dir`
        is a URI from `upload`. Ray chooses the `submission_id` if it is None."""
        body: dict[str, JsonValue] = {"entrypoint": entrypoint}
        if working_dir is not None:
            body["runtime_env"] = {"working_dir": working_dir}
        if submission_id is not None:
            body["submission_id"] = submission_id
        answer = self._document(self._submitted(body))
        return self._text(answer, "submission_id")

    def _submitted(self, body: dict[str, JsonValue]) -> httpx.Response:
        """Ray's answer to the submission. Repeats it while no node has a job agent."""
        answer = self._send("POST", "/api/jobs/", json=body)
        for wait_s in _AGENT_WAITS_S:
            if answer.is_success or _NO_AGENT not in answer.text:
                break
            self._sleep(wait_s)
            answer = self._send("POST", "/api/jobs/", json=body)
        return answer

    def status(self, submission_id: str) -> tuple[str, str]:
        """The job's status (PENDING, RUNNING, SUCCEEDED, FAILED or STOPPED) and Ray's message."""
        answer = self._document(self._send("GET", f"/api/jobs/{quote(submission_id, safe='')}"))
        return self._text(answer, "status"), str(answer.get("message") or "")

    def logs(self, submission_id: str) -> str:
        """Everything that the job has printed so far."""
        path = f"/api/jobs/{quote(submission_id, safe='')}/logs"
        return self._text(self._document(self._send("GET", path)), "logs")

    def follow(
        self, submission_id: str, every_s: float = 2.0
    ) -> Generator[str, None, tuple[str, str]]:
        """Yield what the job prints, asking every `every_s` seconds, until it ends. Returns its
        last status and message."""
        shown, lost = 0, 0
        while True:
            try:
                # The status is read first. If the job has ended then, the logs are complete.
                status, message = self.status(submission_id)
                text = self.logs(submission_id)
            except (ConnectionFailed, ServerError):
                lost += 1
                if lost > _MAX_LOST_POLLS:
                    raise
                self._sleep(every_s)
                continue
            lost = 0
            if len(text) > shown:
                yield text[shown:]
                shown = len(text)
            if status in _ENDED:
                return status, message
            self._sleep(every_s)

    def _send(
        self,
        method: str,
        path: str,
        json: dict[str, JsonValue] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        with http_errors(self._origin):
            return self._http.request(method, path, json=json, content=content)

    def _checked(self, response: httpx.Response) -> httpx.Response:
        if response.is_success:
            return response
        # Ray answers with a traceback. Its last line is the reason.
        lines = [line.strip() for line in response.text.splitlines() if line.strip()]
        reason = lines[-1][:300] if lines else f"status {response.status_code}"
        code = f"RAY_{response.status_code}"
        kind = error_class(code, response.status_code)
        raise kind(code, response.status_code, f"{self._origin} refuses: {reason}")

    def _document(self, response: httpx.Response) -> dict[str, JsonValue]:
        try:
            document = self._checked(response).json()
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise UnexpectedAnswer(f"{self._origin} does not answer like Ray's job API")
        return document

    def _text(self, document: dict[str, JsonValue], name: str) -> str:
        value = document.get(name)
        if not isinstance(value, str):
            raise UnexpectedAnswer(f"{self._origin} does not answer like Ray's job API")
        return value

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
