"""`python -m benchmarks.evidence [--scale 1000,100000]`: prints the tables of RESULTS.md."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence

from benchmarks.evidence import planted
from benchmarks.evidence.pictures import squares
from engines.evidence.config import EvidenceConfig
from engines.evidence.encoders.encoder import ImageEncoder
from engines.evidence.encoders.holder import chosen_encoder


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table in Markdown."""
    print(f"\n{title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}", flush=True)
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


def encoding(encoder: ImageEncoder) -> None:
    """Print the processor time of encoding one image, milliseconds."""
    pictures = [pixels for _, pixels in squares()][:48]
    encoder.encode(pictures[:4])
    started = time.process_time()
    encoder.encode(pictures)
    each_ms = (time.process_time() - started) / len(pictures) * 1000
    print(f"{encoder.name}: {each_ms:.0f} ms of processor time an image", flush=True)


def scale(count: int) -> tuple[str, ...]:
    """The row of one size, measured in a separate process."""
    command = [sys.executable, "-m", "benchmarks.evidence.scale", str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return scale_row(json.loads(done.stdout))


def scale_row(found: dict[str, float]) -> tuple[str, ...]:
    """The cells of one measurement."""
    seconds = ("near_duplicates_s", "copying_s", "density_coverage_recall_s", "kid_s")
    return (
        f"{found['images']:,.0f}",
        *(f"{found[name]:.1f}" for name in seconds),
        f"{found['before_mib']:.0f}",
        f"{found['peak_mib']:.0f}",
    )


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="1000,100000", help="numbers of images; empty: none")
    given = parser.parse_args()
    encoder, halves = chosen_encoder(EvidenceConfig()), planted.Halves.of()
    encoding(encoder)
    table(
        f"Planted copies of {len(halves.real)} squares",
        ("fault", "planted", "found", "right source", "grouped with it"),
        planted.sources_found(encoder, halves),
    )
    table(
        "Copies among fresh images, against held-out real ones",
        ("copies", "effect", "p", "very near (expected)", "p"),
        planted.shifts(encoder, halves),
    )
    table(
        "Sets with a known fault",
        ("set", "images", "density", "coverage", "recall", "KID (95 %)"),
        planted.textbook(encoder, halves),
    )
    table(
        "Sets without some kinds of images",
        ("real images of a kind", "missing", "right coverage", "density", "coverage", "recall"),
        planted.dropped_kinds(encoder),
    )
    table(
        "Normal distributions",
        ("set", "right density, coverage", "found", "recall"),
        planted.normal_cases(),
    )
    counts = [int(count) for count in given.scale.split(",") if count]
    head = ("images", "near-duplicates, s", "copying, s", "density, s", "KID, s", "MiB", "peak")
    table("Time (processor) and memory", head, (scale(count) for count in counts))


if __name__ == "__main__":
    main()
