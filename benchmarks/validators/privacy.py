"""Measures the detectors of the privacy validator. The command is `benchmarks.validators`.

Prints Markdown tables. The photographs are those of the installed scikit-image
(tests/data/privacy/photos.json), and those of a folder with a `labels.json` of the same form:
{"photos": {"name.png": {"faces": 1, "text": false}}}. With `null` a photograph is not used.
CPU milliseconds are process time with one thread.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from PIL import Image, ImageOps

from benchmarks.validators.pictures.renders import drawn_face, renders
from engines.errors import InferloopError
from engines.privacy import build_pii_detector
from engines.privacy.config import FaceConfig, PiiConfig, TextConfig
from engines.privacy.faces import build_face_detector
from engines.privacy.memorization import HashIndex
from engines.privacy.model import FaceDetector, PiiDetector
from engines.privacy.text import document_of, is_text
from engines.privacy.text.rapidocr_reader import RapidOcrReader

if TYPE_CHECKING:
    from engines.types import Pixels

DATA = Path(__file__).resolve().parents[2] / "tests" / "data" / "privacy"
LISTS = (
    "",
    *(f"{nth}_" for nth in ("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")),
    *(f"{nth}_" for nth in ("ninth", "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth")),
    *(f"{nth}_" for nth in ("fifteenth", "sixteenth", "seventeenth", "eighteenth")),
    *(f"{nth}_" for nth in ("nineteenth", "twentieth", "twenty_first", "twenty_second")),
    *(f"{nth}_" for nth in ("twenty_third", "twenty_fourth", "twenty_fifth", "twenty_sixth")),
    *(f"{nth}_" for nth in ("twenty_seventh", "twenty_eighth", "twenty_ninth", "thirtieth")),
    *(f"{nth}_" for nth in ("thirty_first", "thirty_second", "thirty_third", "thirty_fourth")),
    *(f"{nth}_" for nth in ("thirty_fifth", "thirty_sixth", "thirty_seventh", "thirty_eighth")),
    "thirty_ninth_",
    *(f"{nth}_" for nth in ("fortieth", "forty_first", "forty_second", "forty_third")),
    "forty_fourth_",
    "forty_fifth_",
)
EMOJI = ((255, 220, 60), (255, 255, 255), (230, 180, 140))


@dataclass(frozen=True, slots=True)
class Photo:
    path: Path
    faces: int | None
    text: bool | None

    def pixels(self) -> Pixels:
        image = ImageOps.exif_transpose(Image.open(self.path)).convert("RGB")
        return np.asarray(image, dtype=np.uint8)


def photos(folder: Path | None) -> list[Photo]:
    """The installed photographs, then those of `folder`."""
    spec = find_spec("skimage")
    found: list[Photo] = []
    if spec is not None and spec.origin is not None:
        found.extend(_labeled(Path(spec.origin).parent / "data", DATA / "photos.json"))
    if folder is not None:
        found.extend(_labeled(folder, folder / "labels.json"))
    return found


def _labeled(folder: Path, labels: Path) -> Iterator[Photo]:
    for name, label in json.loads(labels.read_text())["photos"].items():
        yield Photo(folder / name, label["faces"], label["text"])


def degraded(pixels: Pixels) -> Iterator[tuple[str, Pixels]]:
    """Name and picture of variants in which faces are hard to find: dark, noise, blur, small,
    tilt."""
    side = 640 / max(pixels.shape[:2])
    image = cv2.resize(pixels, None, fx=side, fy=side, interpolation=cv2.INTER_AREA)
    yield "dark", (image * 0.25).astype(np.uint8)
    noise = np.random.default_rng(0).normal(0, 30, image.shape)
    yield "noise", (image + noise).clip(0, 255).astype(np.uint8)
    yield "blur", cv2.GaussianBlur(image, (0, 0), 3)
    small = cv2.resize(image, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)
    frame = np.full((480, 640, 3), 127, dtype=np.uint8)
    frame[100 : 100 + small.shape[0], 100 : 100 + small.shape[1]] = small
    yield "small", frame
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 25, 1)
    yield "tilt", cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)


def cpu_ms(work: Callable[[], object], repeats: int) -> float:
    work()
    start = time.process_time()
    for _ in range(repeats):
        work()
    return (time.process_time() - start) / repeats * 1000


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    print(f"\n### {title}\n\n| {' | '.join(header)} |\n|{'---|' * len(header)}")
    for row in rows:
        print(f"| {' | '.join(str(cell) for cell in row)} |")


def face_backends() -> dict[str, FaceDetector]:
    plain = {"threshold": 0.7, "doubtful": 0.7, "rotations": "off"}
    settings: dict[str, dict[str, Any]] = {
        "yunet, two looks (default)": {"detectors": ("yunet",)},
        "yunet 0.7, one look": {"detectors": ("yunet",), **plain},
        "yunet, always turned": {"detectors": ("yunet",), "rotations": "always"},
        "dlib HOG (face_recognition)": {"detectors": ("face_recognition",)},
    }
    built = {n: build_face_detector(FaceConfig.model_validate(s)) for n, s in settings.items()}
    return {name: detector for name, detector in built.items() if detector.name != "none"}


def bench_faces(labeled: list[Photo]) -> None:
    labeled = [photo for photo in labeled if photo.faces is not None]
    rows = []
    for name, detector in face_backends().items():
        rows.append((name, *_recall(detector, labeled), *_face_ms(detector)))
    header = (
        "detector",
        "recall",
        "false alarms",
        "recall degraded",
        "emoji",
        "ms 512",
        "ms 1080p",
    )
    table(f"Faces: {len(labeled)} photographs", header, rows)


def _recall(detector: FaceDetector, labeled: list[Photo]) -> tuple[str, str, str, str]:
    found = wanted = alarms = faceless = hard_found = hard_wanted = 0
    for photo in labeled:
        pixels, faces = photo.pixels(), photo.faces or 0
        seen = len(detector.detect(pixels))
        wanted, found = wanted + faces, found + min(seen, faces)
        if not faces:
            faceless, alarms = faceless + 1, alarms + bool(seen)
            continue
        for _, hard in degraded(pixels):
            hard_wanted += faces
            hard_found += min(len(detector.detect(hard)), faces)
    emoji = sum(bool(detector.detect(drawn_face(c, h))) for c in EMOJI for h in (True, False))
    return (
        f"{found}/{wanted} ({found / wanted:.3f})",
        f"{alarms}/{faceless} ({alarms / max(1, faceless):.1%})",
        f"{hard_found}/{hard_wanted} ({hard_found / hard_wanted:.3f})",
        f"{emoji}/{2 * len(EMOJI)}",
    )


def _face_ms(detector: FaceDetector) -> tuple[str, str]:
    spread = np.random.default_rng(0).normal(128, 20, (1080, 1920, 3))
    frame = cv2.GaussianBlur(spread.clip(0, 255).astype(np.uint8), (0, 0), 4)
    square = np.ascontiguousarray(frame[:512, :512])
    in_square, in_frame = (cpu_ms(partial(detector.detect, p), 5) for p in (square, frame))
    return f"{in_square:.0f}", f"{in_frame:.0f}"


def bench_text(labeled: list[Photo], count: int) -> None:
    textless = [photo for photo in labeled if photo.text is False]
    sides = (TextConfig().long_side_px, 640)
    rows = [_text_row(TextConfig(long_side_px=side), textless, count) for side in sides]
    header = ("reader", "found", "read exactly", "PII found", "false alarms on textless photos")
    table("Text: renders from 12 px", (*header, "ms 512 blank", "ms 512 text", "ms 1080p"), rows)


def _text_row(config: TextConfig, textless: list[Photo], count: int) -> tuple[str, ...]:
    reader = RapidOcrReader(config, threads=1)
    reader.warm()
    patterns = build_pii_detector(PiiConfig())
    found = personal = hits = exact = 0
    for item in renders(count):
        lines = reader.read(item.pixels)
        text = document_of(lines).text
        found += any(is_text(line, config) for line in lines)
        exact += text.strip() == item.text
        if item.text[0] in "j+":
            personal, hits = personal + 1, hits + bool(patterns.find(text))
    alarms = sum(
        any(is_text(line, config) for line in reader.read(photo.pixels())) for photo in textless
    )
    blank = np.full((1080, 1920, 3), 180, dtype=np.uint8)
    written = next(iter(renders(1))).pixels
    return (
        f"{reader.name}, long side {config.long_side_px} px",
        f"{found}/{count}",
        f"{exact}/{count}",
        f"{hits}/{personal}",
        f"{alarms}/{len(textless)}",
        f"{cpu_ms(lambda: reader.read(blank[:512, :512]), 3):.0f}",
        f"{cpu_ms(lambda: reader.read(written), 3):.0f}",
        f"{cpu_ms(lambda: reader.read(blank), 3):.0f}",
    )


def bench_pii() -> None:
    lists = json.loads((DATA / "pii_strings.json").read_text())
    rows: list[tuple[str, ...]] = []
    for name, config in (("patterns", PiiConfig()), ("with presidio", PiiConfig(presidio=True))):
        try:
            detector = build_pii_detector(config)
        except InferloopError as error:
            rows.append((name, str(error), *([""] * (len(LISTS) - 1))))
            continue
        found = [_found(detector, lists[f"{which}positives"]) for which in LISTS]
        false = [_false(detector, lists[f"{which}negatives"]) for which in LISTS]
        rows.append(
            (name, *(f"{right}, {wrong}" for right, wrong in zip(found, false, strict=True)))
        )
    lists_shown = (f"list {number}: found, false" for number in range(1, len(LISTS) + 1))
    table("PII in text", ("detector", *lists_shown), rows)


def _found(detector: PiiDetector, listed: list[tuple[str, str]]) -> str:
    hits = sum(kind in {match.type for match in detector.find(text)} for kind, text in listed)
    return f"{hits}/{len(listed)}"


def _false(detector: PiiDetector, listed: list[str]) -> str:
    return f"{sum(bool(detector.find(text)) for text in listed)}/{len(listed)}"


def bench_index() -> None:
    rows = []
    for count in (10_000, 1_000_000):
        hashes = np.random.default_rng(0).integers(0, 2**64, count, dtype=np.uint64)
        index = HashIndex((int(value) for value in hashes), 8)
        rows.append((count, f"{cpu_ms(partial(index.nearest, [1, 2]), 20):.2f}"))
    table("Near duplicates: image and mirror", ("references", "ms per image"), rows)


def report(folder: Path | None, render_count: int, photo_count: int | None = None) -> None:
    """Print every table. `photo_count`: use only so many photographs; None: all."""
    cv2.setNumThreads(1)
    labeled = photos(folder)[:photo_count]
    bench_faces(labeled)
    bench_pii()
    bench_index()
    bench_text(labeled, render_count)
