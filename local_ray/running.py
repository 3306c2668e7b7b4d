"""Starts a private Ray in this process. It never connects to another Ray.

Ray reads its environment when it is imported. Therefore `ray` is imported inside the function, and
the caller must add `closed_ray` to `os.environ` before.
"""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import socket
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from local_ray.environment import RayNotClosed

_PREFIX = "ifl-"
_NEW_FOR_S = 60.0
"""Newer folders are not removed, because no process may have started in them yet."""
_PORTS = range(20_000, 32_768)
"""Above the ports of Ray's workers (10002 to 19999), and below the ports that the system uses for
outgoing connections (Linux: 32768 to 60999, others: 49152 to 65535)."""


def free_port() -> int:
    """A loopback port on which no process listens at the moment.

    It is chosen from `_PORTS`, from which neither the kernel nor Ray takes ports. Otherwise the
    port could be used for an outgoing connection before the caller listens on it.
    """
    draw = random.SystemRandom()
    while True:
        port = draw.choice(_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def private_ray_folder(under: str = "/tmp") -> Iterator[Path]:
    """A folder for Ray's files and sockets, inside a folder that only its owner can enter.

    This is needed because Ray makes its folder accessible to all users (mode 0777), and its sockets
    require no token. The path is short, because the path of a Unix socket has at most 107 bytes.
    The folder is removed at the end. Folders of killed processes are removed at the next call.
    """
    sweep_folders(under)
    parent = tempfile.mkdtemp(prefix=_PREFIX, dir=under)  # 0700
    lock = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Path(parent, "r")
    finally:
        os.close(lock)
        shutil.rmtree(parent, ignore_errors=True)


def sweep_folders(under: str) -> int:
    """Remove this user's folders that are not locked, that no process uses, and that are older than
    `_NEW_FOR_S` seconds. Returns their number."""
    old = [path for path in Path(under).glob(f"{_PREFIX}*") if _is_old_and_ours(path)]
    commands = _commands() if old else ""
    dead = [path for path in old if f"{path}/" not in commands and not _is_held(path)]
    for path in dead:
        shutil.rmtree(path, ignore_errors=True)
    return len(dead)


def _is_old_and_ours(path: Path) -> bool:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    return is_ours and time.time() - found.st_mtime > _NEW_FOR_S


def _commands() -> str:
    """The command lines of all visible processes. Those of Ray contain the path of its folder."""
    lines = (process.info["cmdline"] or () for process in psutil.process_iter(["cmdline"]))
    return "\n".join(" ".join(words) for words in lines)


def _is_held(path: Path) -> bool:
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return True
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(folder)
    return False


@contextmanager
def local_ray(
    folder: Path,
    num_cpus: int | None = None,
    num_gpus: int | None = None,
    dashboard_port: int | None = None,
    dashboard: bool = True,
    object_store_bytes: int | None = None,
    worker_environment: Mapping[str, Any] | None = None,
    setup_worker: Path | None = None,
) -> Iterator[str]:
    """Start Ray in `folder`. Yields the dashboard's address, or "" without a dashboard. Ray is
    stopped at the end.

    `worker_environment` is the `runtime_env` of the workers of this process's job; other jobs have
    their own. `setup_worker` is a Python program that starts all workers in place of Ray's
    `setup_worker.py`, and gets its arguments.

    `num_cpus` and `num_gpus` are logical: tasks and replicas may reserve that much, but their use
    is not limited by them. By default they are those of the machine.

    Raises:
        RayNotClosed: `closed_ray` was not in the environment when Ray was imported.
    """
    import ray
    from ray._private.node import Node
    from ray._private.parameter import RayParams

    _refuse_an_open_ray()
    # `ray.init` would start the same, but knows neither `setup_worker` nor how to leave out the
    # processes that pass on log lines and that ask a cloud for more machines.
    node = Node(
        RayParams(
            num_cpus=num_cpus,
            num_gpus=num_gpus,
            include_dashboard=dashboard,
            dashboard_host="127.0.0.1",
            dashboard_port=dashboard_port or (free_port() if dashboard else None),
            object_store_memory=object_store_bytes,
            temp_dir=str(folder),
            setup_worker_path=str(setup_worker) if setup_worker else None,
            include_log_monitor=False,
            no_monitor=True,
        ),
        head=True,
        shutdown_at_exit=False,
        spawn_reaper=True,
    )
    try:
        context = ray.init(
            address=node.gcs_address,
            runtime_env=dict(worker_environment or {}) or None,
            log_to_driver=False,
            logging_level="error",
        )
        yield f"http://{context.dashboard_url}" if dashboard else ""
    finally:
        ray.shutdown()
        node.kill_all_processes(check_alive=False, allow_graceful=True)


def _refuse_an_open_ray() -> None:
    from ray._private import ray_constants
    from ray._private.authentication.authentication_utils import is_token_auth_enabled

    if not is_token_auth_enabled() or ray_constants.ENABLE_RAY_CLUSTER:
        raise RayNotClosed(
            "Ray was imported before its environment was closed: "
            "os.environ.update(closed_ray(os.environ)) comes first"
        )
