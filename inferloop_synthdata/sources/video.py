"""Takes images from a video file, a webcam or an RTSP stream with OpenCV (extra `camera`)."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from inferloop_synthdata.cli.usage import LoadModule, UsageProblem, load_optional, needs_extra
from inferloop_synthdata.sources.images import SourceImage

_STREAM_TIMEOUT_MS = 10_000
_JPEG_QUALITY = 95


def open_cv(load: LoadModule = importlib.import_module) -> Any:
    """The module `cv2`. Raises `UsageProblem`, which says how to install it, if it is missing."""
    return load_optional("cv2", "A video, webcam or RTSP source", needs_extra("camera"), load)


def video_file_frames(cv2: Any, path: str, every_s: float) -> Iterator[SourceImage]:
    """Yield one frame for every `every_s` seconds of the video, as JPEG, from its first frame on.
    Blocks. Raises `UsageProblem` if the file cannot be opened or a frame cannot be encoded."""
    with _capture(cv2, f"video file {path}", path) as capture:
        # OpenCV gives 0 if the file has no frame rate; 25 frames per second are assumed then.
        frame_rate = capture.get(cv2.CAP_PROP_FPS) or 25.0
        index, taken = 0, 0
        while capture.grab():
            if index / frame_rate >= taken * every_s:
                read, frame = capture.retrieve()
                if read:
                    yield _encoded(cv2, frame, taken)
                    taken += 1
            index += 1


def live_frames(
    cv2: Any,
    source: int | str,
    every_s: float,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[SourceImage]:
    """Yield a frame every `every_s` seconds, as JPEG, from the webcam with the number `source` or
    from an RTSP address, until the stream ends. Blocks.

    The frames in between are read and dropped. Otherwise OpenCV would buffer them, and each frame
    would be older than the one before. Raises `UsageProblem` as `video_file_frames` does.
    """
    # An RTSP address may contain a password, so it must not appear in messages.
    what = f"webcam {source}" if isinstance(source, int) else "RTSP stream"
    with _capture(cv2, what, source) as capture:
        due_s, taken = clock(), 0
        while capture.grab():
            if clock() < due_s:
                continue
            read, frame = capture.retrieve()
            if read:
                yield _encoded(cv2, frame, taken)
                taken += 1
                due_s = clock() + every_s


@contextmanager
def _capture(cv2: Any, what: str, source: int | str) -> Iterator[Any]:
    capture = cv2.VideoCapture()
    try:
        if not _opened(cv2, capture, source):
            raise UsageProblem(f"cannot open {what}")
        yield capture
    finally:
        capture.release()


def _opened(cv2: Any, capture: Any, source: int | str) -> bool:
    if isinstance(source, str) and "://" in source:
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _STREAM_TIMEOUT_MS]
        limits += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, _STREAM_TIMEOUT_MS]
        return bool(capture.open(source, cv2.CAP_FFMPEG, limits))
    return bool(capture.open(source))


def _encoded(cv2: Any, frame: Any, index: int) -> SourceImage:
    written, jpeg = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not written:
        raise UsageProblem("OpenCV cannot encode a frame of this source as JPEG")
    return SourceImage(f"frame_{index:06d}.jpg", jpeg.tobytes())
