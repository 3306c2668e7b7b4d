"""Compares two replicas and two workers with one, and measures batching on a CPU.

Rates are images per second of wall time, so the machine must be idle. OpenCV and onnxruntime use
one thread each, as in a replica.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from queue import Queue
from typing import TYPE_CHECKING

import cv2
import numpy as np

from benchmarks.validators.pictures.renders import render
from engines.images import ImageLimits, encode_jpeg
from engines.privacy import PrivacyConfig, build_privacy_validator
from engines.privacy.config import FaceConfig
from engines.quality import QualityConfig, QualityValidator

if TYPE_CHECKING:
    from multiprocessing.queues import Queue as ProcessQueue
    from multiprocessing.synchronize import Barrier

SIDE_PX = 512
BATCHES = (1, 2, 4)
KINDS = ("quality", "faces", "faces and text")
Judge = Callable[[bytes], object]


def report(seconds: float) -> None:
    """Print the tables. Each rate is measured for `seconds`."""
    print("\n### Images per second, 512 x 512\n")
    print("| work | 1 | 2 workers (threads) | ratio | 2 replicas (processes) | ratio |")
    print("|---|---|---|---|---|---|")
    for kind in KINDS:
        single = _replicas(kind, 1, seconds)
        workers, replicas = _workers(kind, 2, seconds), _replicas(kind, 2, seconds)
        cells = (f"{workers:.1f}", f"{workers / single:.2f}")
        print(
            f"| {kind} | {single:.1f} | {' | '.join(cells)} | {replicas:.1f} "
            f"| {replicas / single:.2f} |"
        )
    print("\n### Text detection network, CPU ms an image by batch\n")
    print(f"| {' | '.join(str(size) for size in BATCHES)} |\n|{'---|' * len(BATCHES)}")
    print(f"| {' | '.join(f'{_batched_ms(size):.0f}' for size in BATCHES)} |")


def judge_of(kind: str, workers: int) -> Judge:
    """A function that checks one encoded image, after warm-up. `kind`: one of `KINDS`."""
    if kind == "quality":
        quality = QualityValidator(QualityConfig(workers=workers))
        quality.warm()
        return partial(quality.validate, key="k")
    config = PrivacyConfig(workers=workers, faces=FaceConfig(detectors=("yunet",)))
    privacy = build_privacy_validator(config, ImageLimits())
    for _ in range(workers):
        privacy.warm()
    return partial(privacy.validate, key="k", check_text=kind != "faces")


def _content() -> bytes:
    return encode_jpeg(render("EMERGENCY EXIT", 40, 8, "photo").pixels, 90)


def _until(judge: Judge, content: bytes, end: float) -> int:
    count = 0
    while time.perf_counter() < end:
        judge(content)
        count += 1
    return count


def _workers(kind: str, workers: int, seconds: float) -> float:
    judge, content = judge_of(kind, workers), _content()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(judge, [content] * 2 * workers))
        began = time.perf_counter()
        counts = pool.map(lambda end: _until(judge, content, end), [began + seconds] * workers)
        return sum(counts) / (time.perf_counter() - began)


def _replicas(kind: str, replicas: int, seconds: float) -> float:
    context = multiprocessing.get_context("spawn")
    together, rates = context.Barrier(replicas), context.Queue()
    started = [
        context.Process(target=_replica, args=(kind, seconds, together, rates))
        for _ in range(replicas)
    ]
    for process in started:
        process.start()
    total = sum(rates.get() for _ in started)
    for process in started:
        process.join()
    return float(total)


def _replica(
    kind: str, seconds: float, together: Barrier, rates: ProcessQueue[float] | Queue[float]
) -> None:
    judge, content = judge_of(kind, 1), _content()
    judge(content)
    together.wait()
    began = time.perf_counter()
    count = _until(judge, content, began + seconds)
    rates.put(count / (time.perf_counter() - began))


def _batched_ms(size: int) -> float:
    import onnxruntime

    spec = find_spec("rapidocr")
    if spec is None or spec.origin is None:
        return float("nan")
    (path,) = (Path(spec.origin).parent / "models").glob("*det*.onnx")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    gray = np.random.default_rng(0).normal(0, 1, (SIDE_PX, SIDE_PX)).astype(np.float32)
    one = np.asarray(cv2.GaussianBlur(gray, (0, 0), 3))
    batch = np.broadcast_to(one, (size, 3, SIDE_PX, SIDE_PX)).copy()
    feed = {session.get_inputs()[0].name: batch}
    session.run(None, feed)
    rounds = 6 // size + 1
    began = time.process_time()
    for _ in range(rounds):
        session.run(None, feed)
    return (time.process_time() - began) / rounds / size * 1000
