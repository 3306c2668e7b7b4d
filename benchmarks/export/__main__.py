"""Speed and memory of exports.

    python -m benchmarks.export --quick          1,000 and 10,000 records, 200 uploads
    python -m benchmarks.export                  the same and 1,000 uploads
    python -m benchmarks.export --full           100,000 records too
    python -m benchmarks.export --uploads        only the uploads
    python -m benchmarks.export --s3-endpoint URL --s3-key KEY --s3-secret SECRET

Without an endpoint, the uploads go to moto's server, whose own speed is then the limit. Every
export to a file runs in its own process, so that each has its own peak of memory.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3

from benchmarks.export.dataset import make_dataset
from benchmarks.export.files import METHODS, in_own_process
from benchmarks.export.s3 import S3Server, measure

SIDE_PX = 64
UPLOAD_SIDE_PX = 256
"""Noise of this size is a PNG of about 200 KB."""


def file_rows(count: int, folder: Path) -> Iterator[str]:
    """Yields the rows of the table for one size."""
    root = folder / f"n{count}"
    make_dataset(root, count, SIDE_PX)
    for method in METHODS:
        got = in_own_process(method, root, count)
        rate, cpu_us = count / got["s"], got["cpu_s"] * 1e6 / count
        yield f"| {method} | {count} | {rate:,.0f} | {cpu_us:.0f} | {got['peak_mib']:.0f} |"


def print_files(sizes: list[int], folder: Path) -> None:
    print("| export | records | records/s | CPU us/record | peak MiB |")
    print("|---|---|---|---|---|")
    for count in sizes:
        for row in file_rows(count, folder):
            print(row, flush=True)


def print_uploads(
    server: S3Server, where: str, count: int, folder: Path, repeats: int
) -> dict[str, float]:
    """Print the table. Returns client to objects per second."""
    root = folder / "uploads"
    make_dataset(root, count, UPLOAD_SIDE_PX)
    print(f"\n{count} x 200 KB to {where}, median of {repeats}\n")
    print("| client | objects/s | CPU ms/object (client) |")
    print("|---|---|---|")
    found = measure(server, root, repeats)
    for name, (rate, cpu_ms) in found.items():
        print(f"| {name} | {rate:.0f} | {cpu_ms:.1f} |", flush=True)
    return {name: rate for name, (rate, _) in found.items()}


def draw(rates: dict[str, float], title: str, path: Path) -> None:
    """Draw the rates as bars, with our own in color."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 3), layout="constrained")
    names = sorted(rates, key=rates.__getitem__)
    colors = ["tab:blue" if name.startswith("ours") else "tab:gray" for name in names]
    axes.bar_label(axes.barh(names, [rates[name] for name in names], color=colors), fmt="%.0f")
    axes.set(title=title, xlabel="objects/s")
    figure.savefig(path)


@contextmanager
def moto_server() -> Iterator[S3Server]:
    """moto in a separate process, so that its CPU time is not counted as the client's."""
    code = (
        "import sys, time; from moto.server import ThreadedMotoServer as M; "
        "m = M('127.0.0.1', 0, verbose=False); m.start(); "
        "print(m.get_host_and_port()[1], flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        if process.stdout is None:
            raise OSError("no pipe to the S3 server")
        port = int(process.stdout.readline())
        yield S3Server(f"http://127.0.0.1:{port}", "test", "test")
    finally:
        process.terminate()
        process.wait(10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--uploads", action="store_true")
    parser.add_argument("--plot", type=Path, help="SVG of the uploads")
    parser.add_argument("--s3-endpoint")
    parser.add_argument("--s3-key", default="")
    parser.add_argument("--s3-secret", default="")
    options = parser.parse_args()
    uploads, repeats = (200, 2) if options.quick else (1000, 3)
    sizes = [1_000, 10_000, *([100_000] if options.full else [])]
    print(f"Python {sys.version.split()[0]}, boto3 {boto3.__version__}\n")
    with tempfile.TemporaryDirectory(prefix="bench-export-") as name:
        if not options.uploads:
            print_files(sizes, Path(name))
        if options.s3_endpoint:
            server = S3Server(options.s3_endpoint, options.s3_key, options.s3_secret)
            rates = print_uploads(server, options.s3_endpoint, uploads, Path(name), repeats)
        else:
            with moto_server() as server:
                rates = print_uploads(server, "moto", uploads, Path(name), repeats)
        if options.plot is not None:
            draw(rates, f"{uploads} x 200 KB uploaded", options.plot)


if __name__ == "__main__":
    main()
