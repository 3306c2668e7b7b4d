"""Peak memory of exports with 1,000 to 100,000 images: `python -m benchmarks.export.memory`.

Every export runs in its own process. `--plot FILE` draws the table. 100,000 images need about 5 GB
of disk space; `--sizes 1000 10000` needs less.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from benchmarks.export.dataset import make_dataset
from benchmarks.export.files import METHODS, in_own_process

SIDE_PX = 64
OURS = tuple(name for name in METHODS if name.startswith("ours"))


def measure(sizes: list[int], folder: Path) -> dict[str, list[float]]:
    """Method to its largest resident memory at each size, MiB, with the interpreter and the
    libraries."""
    peaks: dict[str, list[float]] = {method: [] for method in OURS}
    for count in sizes:
        root = folder / f"n{count}"
        make_dataset(root, count, SIDE_PX)
        for method in OURS:
            peaks[method].append(in_own_process(method, root, count)["peak_mib"])
            shutil.rmtree(root / "exports")
            print(f"{method}, {count:,} images: {peaks[method][-1]:.0f} MiB", flush=True)
        shutil.rmtree(root)
    return peaks


def table(sizes: list[int], peaks: dict[str, list[float]]) -> str:
    """The table in Markdown, with the growth from the first size to the last."""
    head = "| peak MiB | " + " | ".join(f"{size:,}" for size in sizes) + " | growth |"
    rows = [head, "|---" * (len(sizes) + 2) + "|"]
    for method, values in peaks.items():
        growth = 100 * (values[-1] / values[0] - 1)
        cells = " | ".join(f"{value:.0f}" for value in values)
        rows.append(f"| {method} | {cells} | {growth:+.0f} % |")
    return "\n".join(rows)


def draw(sizes: list[int], peaks: dict[str, list[float]], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 3.5), layout="constrained")
    for method, values in peaks.items():
        axes.plot(sizes, values, marker="o", label=method.removeprefix("ours "))
    axes.set(xscale="log", xlabel="images", ylabel="peak memory, MiB", ylim=(0, None))
    axes.legend()
    axes.grid(visible=True, alpha=0.3)
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-memory-") as name:
        peaks = measure(options.sizes, Path(name))
    print(table(options.sizes, peaks))
    if options.plot is not None:
        draw(options.sizes, peaks, options.plot)


if __name__ == "__main__":
    main()
