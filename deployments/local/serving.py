"""Runs the service with a private Ray, in this process. It stops when its standard input is closed.

`deployments.local.launch` starts and watches it.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shlex
import sys
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, TextIO

from pydantic import ValidationError
from yaml import YAMLError

from deployments.edge import hook
from deployments.local.child_service import StartFailed
from deployments.local.first_request import first_request
from deployments.local.fork_server import Stage
from deployments.local.lean_serve import import_serve
from deployments.local.port import PortNotFree, reserved_port
from deployments.settings import EdgeSettings, Settings, wrong_settings
from engines.errors import InvalidParameters
from engines.storage.folder.identity import RootIdentity
from local_ray.environment import RayNotClosed, closed_ray
from local_ray.state import kept_secret, state_dir

REPOSITORY = Path(__file__).resolve().parents[2]
KEY_FILE = "api_key"
"""Name of the file with the API key, in the state folder."""


def local_key(folder: Path) -> tuple[str, bool]:
    """The API key of this machine's service, in `folder`; and whether it was made now.

    It is made once, in a file that only its owner can read.

    Raises:
        PermissionError: the folder belongs to another user.
    """
    return kept_secret(folder / KEY_FILE, lambda: "ifl_" + secrets.token_urlsafe(24))


def prepare_environment(settings: Settings) -> tuple[str, bool]:
    """Set the environment variables that Ray's processes inherit. Call it before Ray starts.

    Returns an API key ("" if all keys are in a file), and whether it is new.

    Raises:
        PermissionError: the state folder belongs to another user.
    """
    key, made = next(iter(settings.listed_keys()), ""), False
    if settings.api_keys_file is not None:
        os.environ["INFERLOOP_API_KEYS_FILE"] = str(settings.api_keys_file.expanduser().absolute())
    if not settings.has_keys():
        key, made = local_key(state_dir(os.environ))
        os.environ["INFERLOOP_API_KEYS"] = key
    logs = settings.log_dir or state_dir(os.environ) / "logs"
    os.environ["INFERLOOP_LOG_DIR"] = str(logs.expanduser().absolute())
    os.environ["INFERLOOP_STATE_DIR"] = str(state_dir(os.environ))
    os.environ["INFERLOOP_DATA_ROOT"] = settings.absolute_data_root()
    if "://" not in settings.data_root:
        with suppress(OSError):  # the folder cannot be created: the replicas report it
            identity = RootIdentity(settings.absolute_data_root(), settings.data_root_id)
            os.environ["INFERLOOP_DATA_ROOT_ID"] = identity.word or ""
    os.environ["INFERLOOP_MODELS_ROOT"] = str((REPOSITORY / settings.models_root).absolute())
    path = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = f"{REPOSITORY}:{path}" if path else str(REPOSITORY)
    return key, made


def prepare_ray() -> None:
    """Set the environment variables that Ray and Serve read when they are imported."""
    os.environ.setdefault(hook.VARIABLE, hook.IMPORT_PATH)
    # A replica that has failed three health checks will not finish its requests. Without this,
    # Serve would still wait 120 s for it.
    os.environ.setdefault("RAY_SERVE_FORCE_STOP_UNHEALTHY_REPLICAS", "1")
    # Handles are used only from the event loop of their process, so no second loop is needed.
    os.environ.setdefault("RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP", "0")
    # Workers that Ray starts in advance do not have the setup hook of `lean_serve`, so they would
    # never be used.
    os.environ.setdefault("RAY_prestart_worker_first_driver", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")


def stop_at_end_of_input(input_: TextIO, stop: threading.Event | None = None) -> threading.Event:
    """An event (`stop` or a new one) that is set when the input ends: the process at the other end
    has closed it or has ended."""
    stop = stop or threading.Event()
    descriptor = input_.fileno()  # read without Python's buffer, whose lock would block the exit

    def wait() -> None:
        while os.read(descriptor, 4096):
            pass
        stop.set()

    threading.Thread(target=wait, name="end-of-input", daemon=True).start()
    return stop


def say(line: str) -> None:
    """Print a line without buffering."""
    print(line, flush=True)


def token_hint() -> str:
    """Text that says where Ray's token is. It does not contain the token."""
    path = os.environ.get("RAY_AUTH_TOKEN_PATH")
    return f"the line in {path}" if path else "the one in RAY_AUTH_TOKEN"


def ray_command(dashboard: str) -> str:
    """A shell command that calls `serve status` with the token."""
    path = os.environ.get("RAY_AUTH_TOKEN_PATH")
    token = f"RAY_AUTH_TOKEN_PATH={shlex.quote(path)} " if path else ""
    return f"RAY_AUTH_MODE=token {token}serve status -a {dashboard}"


def reachable_url(host: str, port: int) -> str:
    """The URL with which this machine reaches a service that listens on `host`."""
    here = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    return f"http://{here}:{port}"


def announce(settings: Settings, key: str, made: bool, dashboard: str, args_note: str) -> None:
    """Print the service's address, its key if it is new, and how to use and stop the service."""
    url = reachable_url(settings.host, settings.port)
    say(f"\nInferloop Synthetic Images is ready at {url}/api/v1  (docs: {url}/docs)")
    if args_note:
        say(args_note)
    say(f"Data root: {settings.absolute_data_root()}")
    say(f"Access log and audit log: {os.environ['INFERLOOP_LOG_DIR']}")
    if made:
        say(f"Made an API key, kept for the next start: {key}")
    if not made and not settings.has_keys():
        say("The API key is the one made before (INFERLOOP_STATE_DIR, file api_key).")
    own_key = None if settings.has_keys() else state_dir(os.environ) / KEY_FILE
    say(first_request(url, own_key, str(Path(sys.executable).with_name("inferloop"))))
    if dashboard:
        say(f"Ray's dashboard asks for a token: {token_hint()}")
        say(f"Ray's own commands need it too, for example:\n  {ray_command(dashboard)}")
    say("Ctrl-C stops everything.")


def parser() -> argparse.ArgumentParser:
    """The parser of the options that the launcher passes on."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--config", type=Path, default=REPOSITORY / "configs" / "local.yaml")
    options.add_argument(
        "--num-cpus", type=int, help="logical CPUs; default: all of the machine, at least 8"
    )
    options.add_argument("--num-gpus", type=int, help="logical GPUs; default: all of the machine")
    options.add_argument(
        "--no-dashboard",
        action="store_true",
        help="without Ray's dashboard: a quicker start and less memory, but no `serve status`, no "
        "`ray job submit` and no list of metrics addresses for Prometheus",
    )
    return options


def main(arguments: list[str] | None = None) -> int:
    """Returns 0 after a normal stop, 1 if the service did not start, 2 for wrong options or
    settings."""
    options = parser()
    options.add_argument("--ray-folder", type=Path, required=True, help="folder for Ray's files")
    chosen = options.parse_args(arguments)
    try:
        os.environ.update(closed_ray(os.environ))
        settings = Settings()
        EdgeSettings()  # read in the process of the HTTP server, whose errors nobody sees
    except ValidationError as error:
        return _refused(wrong_settings(error))
    except (RayNotClosed, OSError) as error:
        return _refused(str(error))
    return run(chosen, settings)


def _refused(reason: str) -> int:
    print(f"The service does not start: {reason}", file=sys.stderr)
    return 2


def run(chosen: argparse.Namespace, settings: Settings) -> int:
    """Check the config, take the port, and run until the service ends.

    The imports are inside this function, because Ray reads its environment when it is imported, and
    the environment must be complete before. They would also slow down the launcher, which imports
    this file for its options.
    """
    if not chosen.config.is_file():  # reported before the import of Ray, which takes seconds
        print(f"{chosen.config}: there is no such file", file=sys.stderr)
        return 2
    prepare_ray()
    import_serve()
    from deployments import config_files
    from deployments.local.fork_server import fork_servers
    from deployments.local.worker_stages import stages
    from deployments.wiring.access import api_keys
    from deployments.wiring.effective import check_start

    try:
        document = config_files.load(chosen.config)
        if settings.has_keys():
            api_keys(settings)
        check_start(config_files.app_args(document), settings)
    except (ValueError, YAMLError, OSError, InvalidParameters) as error:
        print(
            error.message if isinstance(error, InvalidParameters) else f"{chosen.config}: {error}",
            file=sys.stderr,
        )
        return 2
    with ExitStack() as stack:
        try:
            stack.enter_context(reserved_port(settings.host, settings.port))
            key, made = prepare_environment(settings)
        except (PortNotFree, OSError) as error:
            return _refused(str(error))
        # A folder for each run: sockets of an earlier one would be in the way.
        forks = chosen.ray_folder.with_name(f"{chosen.ray_folder.name}-forks")
        forks.mkdir(parents=True, exist_ok=True)
        workers = stages(document, forks)
        if workers is not None:
            stack.enter_context(fork_servers(workers))
        return serve(chosen, settings, document, key, made, workers)


def serve(
    chosen: argparse.Namespace,
    settings: Settings,
    document: dict[str, Any],
    key: str,
    made: bool,
    workers: Stage | None,
) -> int:
    """Start Ray, deploy the document, and wait until the input ends."""
    from deployments import config_files
    from deployments.local.cluster import ServeHere, deploy, service_ray, wait_until_running
    from deployments.local.worker_stages import with_stages

    stop = stop_at_end_of_input(sys.stdin)
    note = "\n".join(config_files.start_notes(config_files.app_args(document)))
    say("Starting Ray ...")
    cpus, gpus = chosen.num_cpus, chosen.num_gpus
    if workers is not None:
        document = with_stages(document, workers)
    with service_ray(chosen.ray_folder, cpus, gpus, not chosen.no_dashboard, workers) as dashboard:
        say(f"Ray's dashboard: {dashboard or 'none'}")
        try:
            here = ServeHere()
            deploy(here, config_files.on_port(document, settings.host, settings.port))
            wait_until_running(here, stop, on_change=lambda line: say(f"  {line}"))
        except StartFailed as error:
            print(f"The service did not start: {error}", file=sys.stderr)
            return 1
        if not stop.is_set():
            announce(settings, key, made, dashboard, note)
        stop.wait()
        say("Stopping: refuses new requests and finishes the running ones ...")
    return 0


if __name__ == "__main__":
    sys.exit(main())
