"""Changes of photographs that leave them good. The head must learn to accept them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from training.quality.pictures import scenes, unseen_scenes
from training.quality.pictures.kinds import snow

if TYPE_CHECKING:
    from engines.types import Pixels

Variant = Callable[["Pixels", np.random.Generator], "Pixels"]


def saved_as_jpeg(photo: Pixels, rng: np.random.Generator) -> Pixels:
    """Saved as JPEG with a quality of 75 to 92."""
    return _through(photo, ".jpg", cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(75, 93)))


def saved_as_webp(photo: Pixels, rng: np.random.Generator) -> Pixels:
    """Saved as WebP with a quality of 75 to 94."""
    return _through(photo, ".webp", cv2.IMWRITE_WEBP_QUALITY, int(rng.integers(75, 95)))


def _through(photo: Pixels, suffix: str, flag: int, quality: int) -> Pixels:
    content = cv2.imencode(suffix, photo[..., ::-1], [flag, quality])[1]
    decoded = np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(decoded[..., ::-1])


def haze(photo: Pixels, rng: np.random.Generator) -> Pixels:
    """Light haze, more in the upper part."""
    share = rng.uniform(0.45, 0.8)
    near = np.linspace(share - 0.15, min(1, share + 0.15), len(photo))[:, None, None]
    return (photo * near + (1 - near) * rng.uniform(190, 225)).astype(np.uint8)


def out_of_focus_ground(photo: Pixels, rng: np.random.Generator) -> Pixels:
    """A sharp oval; everything else is blurred."""
    height, width = photo.shape[:2]
    mask = np.zeros((height, width), np.float32)
    middle = int(width * rng.uniform(0.3, 0.7)), int(height * rng.uniform(0.4, 0.6))
    axes = int(width * rng.uniform(0.14, 0.3)), int(height * rng.uniform(0.25, 0.45))
    cv2.ellipse(mask, middle, axes, 0, 0, 360, (1.0,), -1)
    share = np.asarray(cv2.GaussianBlur(mask, (0, 0), 3))[..., None]
    behind = np.asarray(cv2.GaussianBlur(photo, (0, 0), width / rng.uniform(30, 80)))
    return (photo * share + behind * (1 - share)).astype(np.uint8)


def gray(photo: Pixels, rng: np.random.Generator) -> Pixels:
    return np.repeat(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


def of_256_colors(photo: Pixels, rng: np.random.Generator) -> Pixels:
    """Reduced to 256 colors as in a GIF file, with or without dithering."""
    dither = Image.Dither.FLOYDSTEINBERG if rng.random() < 0.5 else Image.Dither.NONE
    return np.asarray(Image.fromarray(photo).quantize(256, dither=dither).convert("RGB"))


def pencil(photo: Pixels, rng: np.random.Generator) -> Pixels:
    return unseen_scenes.pencil(photo, int(rng.integers(3)), 0)


def vignette(photo: Pixels, rng: np.random.Generator) -> Pixels:
    """Darker towards the corners."""
    height, width = photo.shape[:2]
    y, x = np.mgrid[:height, :width]
    distance = np.hypot(y / height - 0.5, x / width - 0.5)
    kept = (1 - rng.uniform(0.5, 1.0) * distance**2)[..., None]
    return (photo * kept).clip(0, 255).astype(np.uint8)


def sepia(photo: Pixels, rng: np.random.Generator) -> Pixels:
    return (gray(photo, rng).astype(np.float32) * np.array([1.0, 0.9, 0.72])).astype(np.uint8)


def light_as_snow(photo: Pixels, rng: np.random.Generator) -> Pixels:
    return snow(photo)


def fog(photo: Pixels, rng: np.random.Generator) -> Pixels:
    return scenes.fog(photo, int(rng.integers(3)), 0)


def mirrored(photo: Pixels, rng: np.random.Generator) -> Pixels:
    return np.ascontiguousarray(photo[:, ::-1])


def cropped(photo: Pixels, rng: np.random.Generator) -> Pixels:
    """The middle three fifths of width and height."""
    down, across = photo.shape[0] // 5, photo.shape[1] // 5
    return np.ascontiguousarray(photo[down:-down, across:-across])


def letterbox(photo: Pixels, rng: np.random.Generator) -> Pixels:
    """Black or white bars of equal height at top and bottom, as in a film on a screen."""
    bar = int(len(photo) * rng.uniform(0.06, 0.2))
    with_bars = photo.copy()
    with_bars[:bar] = with_bars[-bar:] = 255 * int(rng.random() < 0.3)
    return with_bars


def framed(photo: Pixels, rng: np.random.Generator) -> Pixels:
    """A frame of one color."""
    wide = int(min(photo.shape[:2]) * rng.uniform(0.02, 0.12))
    color = [int(level) for level in rng.integers(0, 256, 3)] if rng.random() < 0.4 else [255] * 3
    inner = photo[wide:-wide, wide:-wide]
    return np.asarray(
        cv2.copyMakeBorder(inner, wide, wide, wide, wide, cv2.BORDER_CONSTANT, value=color)
    )


def beside_another(photo: Pixels, rng: np.random.Generator) -> Pixels:
    """A collage: both halves in reverse order, with or without a white line between them."""
    half, gap = photo.shape[1] // 2, int(rng.choice([0, 0, 4, 10]))
    collage = np.concatenate([photo[:, half:], photo[:, :half]], axis=1)
    if gap:
        collage[:, photo.shape[1] - half - gap : photo.shape[1] - half + gap] = 255
    return collage


def captioned(photo: Pixels, rng: np.random.Generator) -> Pixels:
    """Words on a bar at the lower end, as in a meme or a slide."""
    bar, light = int(len(photo) * rng.uniform(0.1, 0.25)), int(rng.random() < 0.5)
    with_words = photo.copy()
    with_words[-bar:] = 255 * light
    place = int(photo.shape[1] * 0.05), len(photo) - bar // 3
    ink = (255 * (1 - light),) * 3
    words = " ".join(str(word) for word in rng.choice(["the", "best", "day", "so", "far", "of"], 4))
    cv2.putText(with_words, words, place, cv2.FONT_HERSHEY_DUPLEX, bar / 50, ink, 1, cv2.LINE_AA)
    return with_words


def faded(photo: Pixels, rng: np.random.Generator) -> Pixels:
    """Lighter shadows and less contrast, as with filters of phones."""
    lift = float(rng.uniform(15, 45))
    return (lift + photo * ((245 - lift) / 255)).astype(np.uint8)


def toned(photo: Pixels, rng: np.random.Generator) -> Pixels:
    """A little warmer, colder or greener."""
    return (photo * rng.uniform(0.8, 1.0, 3)).clip(0, 255).astype(np.uint8)


def sharpened_a_little(photo: Pixels, rng: np.random.Generator) -> Pixels:
    soft = cv2.GaussianBlur(photo, (0, 0), 1.2).astype(np.float32)
    return (photo + rng.uniform(0.3, 0.8) * (photo - soft)).clip(0, 255).astype(np.uint8)


def of_fine_grain(photo: Pixels, rng: np.random.Generator) -> Pixels:
    """Grain of 2 to 5 gray levels, as of film or high sensitivity."""
    grain = rng.normal(0, rng.uniform(2, 5), (*photo.shape[:2], 1))
    return (photo + grain).clip(0, 255).astype(np.uint8)


VARIANTS: Mapping[str, Variant] = {
    "jpeg85": saved_as_jpeg,
    "webp85": saved_as_webp,
    "haze": haze,
    "bokeh": out_of_focus_ground,
    "gray": gray,
    "palette": of_256_colors,
    "pencil": pencil,
    "vignette": vignette,
    "sepia": sepia,
    "snow": light_as_snow,
    "fog": fog,
    "flip": mirrored,
    "crop": cropped,
    "letterbox": letterbox,
    "frame": framed,
    "collage": beside_another,
    "caption": captioned,
    "faded": faded,
    "toned": toned,
    "sharpened": sharpened_a_little,
    "fine grain": of_fine_grain,
}
"""Name to the function that changes a photograph. The order is part of the data: examples select
by it."""
