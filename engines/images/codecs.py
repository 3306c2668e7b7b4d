"""AVIF and HEIF (HEIC): formats that Pillow decodes only with optional libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any

from PIL import Image, features

HOW_TO = "pip install '.[heif]' in the service's repository"


def missing_codec(kind: str, load: Callable[[str], Any] = import_module) -> str | None:
    """Why this installation cannot decode the format, worded for `refuse`; None if it can.

    For "HEIF", also registers pillow_heif with Pillow, with one decoding thread per picture.
    `load` imports a module by its name.
    """
    if kind == "AVIF" and not features.check("avif"):
        return "is an AVIF picture, and this Pillow was built without AVIF"
    if kind == "HEIF":
        try:
            load("pillow_heif").register_heif_opener(decode_threads=1)
        except ImportError:
            return f"is a HEIC (HEIF) picture, which needs the extra `heif`: {HOW_TO}"
    return None


def beside_in_heif(content: bytes) -> Iterator[tuple[str, Callable[[], Image.Image]]]:
    """Thumbnails, depth maps and gain maps of a HEIF file: pairs of a name and a decoding function.

    Read through pillow_heif, because Pillow itself does not give access to them. Raises
    whatever pillow_heif raises for a broken file.
    """
    from pillow_heif import open_heif

    for picture in open_heif(content):
        for index in range(len(picture.info.get("thumbnails", ()))):
            yield "thumbnail", partial(_thumbnail, picture, index)
        for depth in picture.info.get("depth_images", ()):
            yield "depth map", depth.to_pillow
        for numbers in picture.info.get("aux", {}).values():
            for number in numbers:
                yield "auxiliary picture", partial(_auxiliary, picture, number)


def _thumbnail(picture: Any, index: int) -> Image.Image:
    return picture.get_thumbnail(index).to_pillow()


def _auxiliary(picture: Any, number: int) -> Image.Image:
    return picture.get_aux_image(number).to_pillow()
