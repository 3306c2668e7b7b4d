"""What share of each kind of picture the privacy validator finds: a table of docs/privacy.md.

    python -m benchmarks.validators.privacy_recall [--fonts FOLDER]

All pictures are drawn here, except photographs of the installed scikit-image. Scripts are drawn
with the fonts in `--fonts` (Noto), or else with DejaVu of matplotlib, if it has the letters. Takes
a minute and a half on one core. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.validators.pictures.renders import dejavu, photo_background
from benchmarks.validators.pictures.unseen_structures import UNSEEN
from benchmarks.validators.privacy import DATA, LISTS, photos
from engines.privacy import build_pii_detector
from engines.privacy.config import FaceConfig, PiiConfig, TextConfig
from engines.privacy.faces import build_face_detector
from engines.privacy.text import is_text, is_unread
from engines.privacy.text.rapidocr_reader import RapidOcrReader
from training.letters.structures import KNOWN, structures
from training.quality.pictures.drawings import drawing

if TYPE_CHECKING:
    from engines.types import Pixels

FONTS = Path("/usr/share/fonts/truetype/noto")
GREETINGS = {
    "Thai": "ยินดีต้อนรับสู่เมืองของเรา",
    "Arabic": "مرحبا بكم في مدينتنا",
    "Hebrew": "ברוכים הבאים לעיר שלנו",
    "Georgian": "კეთილი იყოს თქვენი მობრძანება",
    "Armenian": "Բարի գալուստ մեր քաղաք",
    "Devanagari": "हमारे शहर में आपका स्वागत है",
    "Bengali": "আমাদের শহরে স্বাগতম",
    "Tamil": "எங்கள் நகரத்திற்கு வரவேற்கிறோம்",
    "Ethiopic": "እንኳን ወደ ከተማችን በደህና መጡ",
    "Khmer": "សូមស្វាគមន៍មកកាន់ទីក្រុង",
    "Lao": "ຍິນດີຕ້ອນຮັບສູ່ເມືອງຂອງພວກເຮົາ",
    "Myanmar": "ကျွန်ုပ်တို့၏မြို့သို့ ကြိုဆိုပါသည်",
    "Sinhala": "අපේ නගරයට සාදරයෙන් පිළිගනිමු",
    "Telugu": "మా నగరానికి స్వాగతం",
    "Kannada": "ನಮ್ಮ ನಗರಕ್ಕೆ ಸ್ವಾಗತ",
    "Malayalam": "ഞങ്ങളുടെ നഗരത്തിലേക്ക് സ്വാഗതം",
    "Gujarati": "અમારા શહેરમાં સ્વાગત છે",
    "Gurmukhi": "ਸਾਡੇ ਸ਼ਹਿਰ ਵਿੱਚ ਜੀ ਆਇਆਂ ਨੂੰ",
    "Oriya": "ଆମ ସହରକୁ ସ୍ୱାଗତ",
    "Thaana": "އަޅުގަނޑުމެންގެ ރަށަށް މަރުޙަބާ",
    "Syriac": "ܒܫܝܢܐ ܠܡܕܝܢܬܢ",
    "Cherokee": "ᎤᎵᎮᎵᏍᏗ ᎢᎦᏚᎲ",
    "": "Добро пожаловать в город",
    " ": "Καλώς ήρθατε στην πόλη",
}
"""Name of the script in the file name of its Noto font, to a text. Noto Sans itself has the letters
of the entries whose name is blank."""
IN_DEJAVU = ("Arabic", "Hebrew", "Georgian", "Armenian", "", " ")
SIZES_PX = (18, 40)
GRAYS = (200, 225, 240)
CUT_SHARES = (0.15, 0.3, 0.4)
TURNS_DEG = (-45, -25, 25, 45)
FACE_HEIGHTS_PX = (10, 14, 20, 40)
GAINS = (0.3, 0.15, 0.08, 0.04, 0.02)
MASKS = ((255, 255, 255), (120, 190, 220), (20, 20, 20))
_CANVAS_PX, _NOSE = 640, 0.55
DRAWINGS, STRUCTURES = 20, 6

Sees = Callable[["Pixels"], bool]


def written(text: str, font: Path, size_px: int, gray: int = 0, photo: bool = False) -> Pixels:
    """`text` in gray on white, or in white on a photograph. uint8 RGB, 768 x 384 px."""
    image = Image.fromarray(photo_background()).resize((768, 384)) if photo else None
    image = image or Image.new("RGB", (768, 384), "white")
    pen = ImageDraw.Draw(image)
    fill = (255, 255, 255) if photo else (gray, gray, gray)
    pen.text((24, 150), text, font=ImageFont.truetype(str(font), size_px), fill=fill)
    return np.asarray(image)


def scripts(fonts: Path) -> Iterator[Pixels]:
    for script, text in GREETINGS.items():
        font = fonts / f"NotoSans{script.strip()}-Regular.ttf"
        if not font.is_file():
            if script not in IN_DEJAVU:
                continue
            font = dejavu()
        for size in SIZES_PX:
            for photo in (False, True):
                yield written(text, font, size, photo=photo)


def stacked(count: int) -> Iterator[Pixels]:
    """Pictures of digits one below the other, as on book spines and doors."""
    rng = np.random.default_rng(0)
    for _ in range(count):
        digits = "\n".join(str(digit) for digit in rng.integers(0, 10, 6))
        image = Image.new("RGB", (384, 512), "white")
        font = ImageFont.truetype(str(dejavu()), int(rng.integers(28, 56)))
        ImageDraw.Draw(image).text((170, 40), digits, font=font, fill="black")
        yield np.asarray(image)


def cut_by_the_frame(pixels: Pixels, box: tuple[int, int, int, int]) -> Iterator[Pixels]:
    """The picture cut so that a share of the face in `box` (x, y, width, height) is missing, at
    each side."""
    x, y, width, height = box
    for share in CUT_SHARES:
        across, down = int(width * share), int(height * share)
        yield np.ascontiguousarray(pixels[:, x + across :])
        yield np.ascontiguousarray(pixels[:, : x + width - across])
        yield np.ascontiguousarray(pixels[y + down :])
        yield np.ascontiguousarray(pixels[: y + height - down])


def tilted(pixels: Pixels, box: tuple[int, int, int, int]) -> Iterator[Pixels]:
    x, y, width, height = box
    for turn in TURNS_DEG:
        matrix = cv2.getRotationMatrix2D((x + width / 2, y + height / 2), turn, 1)
        size = (pixels.shape[1], pixels.shape[0])
        yield np.asarray(cv2.warpAffine(pixels, matrix, size, borderMode=cv2.BORDER_REFLECT))


def small(pixels: Pixels, box: tuple[int, int, int, int]) -> Iterator[Pixels]:
    """The picture scaled so that the face has each of `FACE_HEIGHTS_PX`, in a gray square of 640
    px."""
    for height in FACE_HEIGHTS_PX:
        scale = height / box[3]
        canvas = np.full((_CANVAS_PX, _CANVAS_PX, 3), 128, np.uint8)
        part = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        part = part[:_CANVAS_PX, :_CANVAS_PX]
        canvas[: part.shape[0], : part.shape[1]] = part
        yield canvas


def dark(pixels: Pixels) -> Iterator[Pixels]:
    for gain in GAINS:
        yield np.rint(pixels * gain).astype(np.uint8)


def masked(pixels: Pixels, box: tuple[int, int, int, int]) -> Iterator[Pixels]:
    """The picture with the face covered from the nose down, in each color of `MASKS`."""
    x, y, width, height = box
    for color in MASKS:
        covered = pixels.copy()
        covered[y + int(_NOSE * height) : y + height, x : x + width] = color
        yield covered


def share(pictures: Iterable[Pixels], sees: Sees) -> str:
    seen = [sees(picture) for picture in pictures]
    return f"{sum(seen)} of {len(seen)}"


def sees_text(config: TextConfig) -> Sees:
    reader = RapidOcrReader(config, threads=1)

    def sees(pixels: Pixels) -> bool:
        side = max(pixels.shape[:2])
        lines = reader.read(pixels)
        return any(is_text(line, config) or is_unread(line, side, config) for line in lines)

    return sees


def text_rows(fonts: Path) -> Iterator[tuple[str, str]]:
    text = sees_text(TextConfig())
    textless = [photo.pixels() for photo in photos(None) if photo.text is False]
    yield "text in scripts that are not read, 18 and 40 px", share(scripts(fonts), text)
    for gray in GRAYS:
        lines = [written("Meeting room 4, door 17", dejavu(), size, gray) for size in (16, 24, 40)]
        yield f"text of gray {gray} on white (255)", share(lines, text)
    yield "digits one below the other", share(stacked(8), text)
    yield "false: textless photographs taken for text", share(textless, text)
    yield "false: drawings taken for text", share(map(drawing, range(DRAWINGS)), text)
    for what, kinds in (("like those of the fitting", KNOWN), ("of other kinds", UNSEEN)):
        drawn = (pixels for _, pixels in structures(kinds, STRUCTURES, 5))
        yield f"false: fences, books, keys and the like taken for text, {what}", share(drawn, text)


def face_rows() -> Iterator[tuple[str, str]]:
    detector = build_face_detector(FaceConfig(detectors=("yunet",)))

    def sees(pixels: Pixels) -> bool:
        return bool(detector.detect(pixels))

    known = photos(None)
    (portrait,) = (photo.pixels() for photo in known if photo.path.name == "astronaut.png")
    box = detector.detect(portrait)[0].box
    faceless = [photo for photo in known if photo.faces == 0]
    yield "a face cut by the frame (15 to 40 % of it)", share(cut_by_the_frame(portrait, box), sees)
    yield "a face tilted by 25 and 45 degrees", share(tilted(portrait, box), sees)
    yield "a face of 10, 14, 20 and 40 px in a picture of 640", share(small(portrait, box), sees)
    yield (
        f"a face in the dark ({', '.join(map(str, GAINS))} of the light)",
        share(dark(portrait), sees),
    )
    yield "a face masked from the nose down, in three colors", share(masked(portrait, box), sees)
    yield "false: faceless photographs", share((photo.pixels() for photo in faceless), sees)
    animals = [photo.pixels() for photo in known if photo.path.name == "chelsea.png"]
    yield "false: an animal taken for a face", share(animals, sees)


def string_rows() -> Iterator[tuple[str, str]]:
    detector = build_pii_detector(PiiConfig())
    lists = json.loads((DATA / "pii_strings.json").read_text(encoding="utf-8"))
    positives = [each for which in LISTS for each in lists[f"{which}positives"]]
    negatives = [text for which in LISTS for text in lists[f"{which}negatives"]]
    found = sum(kind in {match.type for match in detector.find(text)} for kind, text in positives)
    false = sum(bool(detector.find(text)) for text in negatives)
    yield "personal data in strings, all lists", f"{found} of {len(positives)}"
    yield "false: personal data in harmless strings", f"{false} of {len(negatives)}"


def report(fonts: Path) -> None:
    """Print the table of faces, personal data and text."""
    cv2.setNumThreads(1)
    print("| what | seen |\n|---|---|")
    for rows in (face_rows(), string_rows(), text_rows(fonts)):
        for what, seen in rows:
            print(f"| {what} | {seen} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fonts", type=Path, default=FONTS, help="folder of Noto fonts")
    report(parser.parse_args().fonts)


if __name__ == "__main__":
    main()
