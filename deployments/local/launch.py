"""`make serve`: the service in the foreground on a Ray of its own; Ctrl-C stops all it started."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from pydantic import ValidationError

from deployments import config_files
from deployments.access import api_keys
from deployments.edge import hook
from deployments.local import keys as local_keys
from deployments.local.child_service import StartFailed
from deployments.local.first_request import first_request
from deployments.local.keys import FILE_NAME
from deployments.settings import Settings
from engines.errors import InvalidParameters

REPOSITORY = Path(__file__).resolve().parents[2]


def prepare_environment(settings: Settings) -> tuple[str, bool]:
    """Set what Ray's processes inherit, before Ray starts; returns a key ("" where a file holds
    them all), and if it is new."""
    key, made = next(iter(settings.listed_keys()), ""), False
    if settings.api_keys_file is not None:
        os.environ["INFERLOOP_API_KEYS_FILE"] = str(settings.api_keys_file.expanduser().absolute())
    if not settings.has_keys():
        key, made = local_keys.local_key(state_folder(settings))
        os.environ["INFERLOOP_API_KEYS"] = key
    os.environ["INFERLOOP_DATA_ROOT"] = settings.absolute_data_root()
    os.environ["INFERLOOP_MODELS_ROOT"] = str((REPOSITORY / settings.models_root).absolute())
    path = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = f"{REPOSITORY}:{path}" if path else str(REPOSITORY)
    os.environ.setdefault(hook.VARIABLE, hook.IMPORT_PATH)
    # Said in any case: where it is not, Ray decides by whether it ever ran here before. The
    # dashboard listens on loopback only; the container image says `token`.
    os.environ.setdefault("RAY_AUTH_MODE", "disabled")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    return key, made


def state_folder(settings: Settings) -> Path:
    """Where the key that a start makes is kept."""
    return local_keys.state_dir(settings.state_dir, Path.home(), os.environ.get("XDG_STATE_HOME"))


def stop_on_signals() -> threading.Event:
    """An event that SIGINT and SIGTERM set."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    return stop


def say(line: str) -> None:
    print(line, flush=True)


def announce(settings: Settings, key: str, made: bool, dashboard: str, args_note: str) -> None:
    url = f"http://{settings.host}:{settings.port}"
    say(f"\nInferloop Synthetic Images is ready at {url}/api/v1  (docs: {url}/docs)")
    if args_note:
        say(args_note)
    say(f"Data root: {settings.absolute_data_root()}")
    if made:
        say(f"Made an API key, kept for the next start: {key}")
    if not made and not settings.has_keys():
        say("The API key is the one made before (INFERLOOP_STATE_DIR, file api_key).")
    say(first_request(url, None if settings.has_keys() else state_folder(settings) / FILE_NAME))
    say(f"Deployments: serve status -a {dashboard}\nCtrl-C stops everything.")


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=REPOSITORY / "configs" / "local.yaml")
    parser.add_argument("--num-cpus", type=int, help="logical CPUs; default: 8, or all there are")
    parser.add_argument("--num-gpus", type=int, help="logical GPUs; default: all there are")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    chosen = parsed(arguments)
    settings = Settings()
    try:
        document = config_files.load(chosen.config)
    except (ValidationError, OSError) as error:
        print(f"{chosen.config}: {error}", file=sys.stderr)
        return 2
    try:
        if settings.has_keys():
            api_keys(settings)
    except InvalidParameters as error:
        print(error.message, file=sys.stderr)
        return 2
    key, made = prepare_environment(settings)
    stop = stop_on_signals()
    # Ray reads the environment as it is imported: not before it is set.
    from deployments.local.cluster import deploy, local_ray, wait_until_running

    stand_ins = config_files.app_args(document).stand_ins()
    note = "\n".join(f"Stand-in: {asked} is served by {by}" for asked, by in stand_ins.items())
    say("Starting Ray ...")
    with local_ray(chosen.num_cpus, chosen.num_gpus) as dashboard:
        say(f"Ray's dashboard: {dashboard}")
        try:
            deploy(dashboard, config_files.on_port(document, settings.host, settings.port))
            wait_until_running(dashboard, on_change=lambda line: say(f"  {line}"))
        except StartFailed as error:
            print(f"The service did not start: {error}", file=sys.stderr)
            return 1
        announce(settings, key, made, dashboard, note)
        stop.wait()
        say("Stopping ...")
    return 0


if __name__ == "__main__":
    sys.exit(main())
