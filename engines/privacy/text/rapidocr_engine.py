"""RapidOCR with limits: it reads as many lines as an allowance has work for, and says which lines
it found but did not read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from rapidocr import RapidOCR
from rapidocr.ch_ppocr_cls import TextClsOutput
from rapidocr.ch_ppocr_det import TextDetOutput
from rapidocr.ch_ppocr_det.utils import DBPostProcess
from rapidocr.ch_ppocr_rec import TextRecOutput
from rapidocr.main import RapidOCRError
from rapidocr.utils.process_img import get_rotate_crop_image

from engines.privacy.text.allowance import ReadingAllowance
from engines.privacy.text.further import further_recognizers, read_better
from engines.privacy.text.rapidocr_reader import LEFT_OUT, UNREAD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.privacy.text.sharper import Original
    from engines.types import Pixels

_MOST_SHAPES = 1000
_UNUSED_PX = 64  # RapidOCR scales the picture of each line, which nobody looks at here
_PARAMETERS = {
    "Global.text_score": 0.0,
    "Global.log_level": "critical",
    "Det.max_candidates": _MOST_SHAPES,
    "Rec.rec_batch_num": 1,  # more at once are not faster on a CPU, and need more memory
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}


class BoundedRapidOcr(RapidOCR):
    """RapidOCR leaves out lines that it could not read; here they have the text `UNREAD`. Lines
    beyond a limit have the text `LEFT_OUT`."""

    def __init__(
        self,
        threads: int,
        further: Sequence[str] = (),
        read_confidence: float = 0.0,
        recognizers: Sequence[Any] = (),
    ) -> None:
        """`threads`: threads of onnxruntime. `further`: ONNX files of recognizers that try the
        lines below `read_confidence`, 0..1. `recognizers`: such recognizers that are loaded
        already. Raises `InferloopError` if a file cannot be used."""
        own = {"EngineConfig.onnxruntime.intra_op_num_threads": threads}
        super().__init__(params=_PARAMETERS | own)
        settings = self._load_rec_model().cfg if further else None
        self._further = [*further_recognizers(further, settings), *recognizers]
        self._sure = read_confidence
        self._shapes: LargestShapes | None = None
        self._allowance = ReadingAllowance(0)
        self._least_height_px = 0.0
        self._original: Original | None = None
        self._certainties: list[float] = []

    def look(
        self,
        bgr: Pixels,
        allowance: ReadingAllowance,
        least_height_px: float,
        original: Original | None = None,
    ) -> Any:
        """The lines in `bgr`, uint8 (height, width, 3): an object with `boxes`, float (lines, 4,
        2) in px, `txts`, `scores`, which are None if nothing was found, and `certainties`, how sure
        the detector is of each line, 0..1. Lines below `least_height_px` are not read.
        `original`: where low lines are cut from to be read."""
        self._allowance, self._least_height_px = allowance, least_height_px
        self._original = original
        if self._shapes is not None:
            self._shapes.left_out = None
        result: Any = self(bgr)
        result.certainties = self._certainties
        return result

    def _load_det_model(self) -> Any:
        detector = super()._load_det_model()
        if self._shapes is None:
            self._shapes = LargestShapes(detector.postprocess_op)
            detector.postprocess_op = self._shapes
        return detector

    def run_ocr_steps(self, img: Any, op_record: Any) -> Any:
        try:
            crops, found = self.detect_and_crop(img, op_record)
        except RapidOCRError:
            crops, found = [], TextDetOutput(img, np.empty((0, 4, 2), np.float32), [])
        if self._shapes is not None:
            found.scores = self._shapes.certainties_of(found.boxes)
        read = self._read(crops, found.boxes)
        if self._shapes is not None and self._shapes.left_out is not None:
            found.boxes = np.concatenate([found.boxes, self._shapes.left_out[None]])
            found.scores = [*found.scores, 0.0]
            read.append((LEFT_OUT, 0.0))
        self._certainties = list(found.scores)
        if not read:
            return TextDetOutput(), TextClsOutput(), TextRecOutput(), []
        texts, scores = zip(*read, strict=True)
        unused = [np.zeros((_UNUSED_PX, _UNUSED_PX, 3), np.uint8)] * len(read)
        lines = TextRecOutput(unused, texts, list(scores), (None,) * len(read))
        return found, TextClsOutput(), lines, unused

    def _read(self, crops: Sequence[Any], boxes: Any) -> list[tuple[str, float]]:
        """Text and confidence of each line. `boxes`: the corners of the lines, float32 (lines, 4,
        2)."""
        high = [at for at, crop in enumerate(crops) if crop.shape[0] >= self._least_height_px]
        sizes = [crops[at].shape[:2] for at in high]
        chosen = [high[at] for at in self._allowance.chosen(sizes)]
        read = [(UNREAD, 0.0)] * len(crops)
        for at in high:
            read[at] = LEFT_OUT, 0.0
        if chosen:
            shown = [crops[at] for at in chosen]
            if self._original is not None:
                around = [self._original.around(boxes[at]) for at in chosen]
                shown = [
                    crop if sharper is None else get_rotate_crop_image(*sharper)
                    for crop, sharper in zip(shown, around, strict=True)
                ]
            upright, _ = self.cls_and_rotate(shown)
            lines = self.recognize_txt(upright)
            for at, text, score in zip(chosen, lines.txts, lines.scores, strict=True):
                read[at] = text if text.strip() else UNREAD, score
            self._read_again(chosen, upright, read)
        return read

    def _read_again(
        self, chosen: Sequence[int], upright: Sequence[Any], read: list[tuple[str, float]]
    ) -> None:
        """Let the further recognizers try what was not read surely, as far as the allowance goes.
        Changes `read`. `chosen`: which of `read` the lines in `upright` are."""
        for recognizer in self._further:
            doubtful = [place for place, at in enumerate(chosen) if read[at][1] < self._sure]
            allowed = self._allowance.chosen([upright[place].shape[:2] for place in doubtful])
            places = [doubtful[at] for at in allowed]
            if places:
                lines = [upright[place] for place in places]
                better = read_better(recognizer, lines, [read[chosen[at]] for at in places])
                for place, line in zip(places, better, strict=True):
                    read[chosen[place]] = line


class LargestShapes(DBPostProcess):
    """Finds lines in the detector's map. If the map has more than 1000 shapes, only the largest
    become lines: RapidOCR would take any 1000 of them, and not say that there are more."""

    left_out: NDArray[np.float32] | None = None
    """Corners, float32 (4, 2), of the rectangle around the shapes that were left out."""

    def __init__(self, original: DBPostProcess) -> None:
        self.__dict__.update(vars(original))
        self._certainties: dict[bytes, float] = {}

    def __call__(self, pred: Any, ori_shape: tuple[int, int]) -> Any:
        boxes, scores = super().__call__(pred, ori_shape)
        self._certainties = dict(zip(map(_key, boxes), map(float, scores), strict=True))
        return boxes, scores

    def certainties_of(self, boxes: Any) -> list[float]:
        """How sure the detector is of each of the `boxes` that it found last, 0..1: the mean of its
        map in the box. RapidOCR sorts the boxes, but not their scores."""
        return [self._certainties[_key(box)] for box in boxes]

    def boxes_from_bitmap(self, pred: Any, bitmap: Any, dest_width: int, dest_height: int) -> Any:
        mask, self.left_out = np.asarray(bitmap, np.uint8), None
        contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        if len(contours) > self.max_candidates:
            mask, dropped = self._largest(pred, mask)
            if dropped is not None:
                scale = dest_width / mask.shape[1], dest_height / mask.shape[0]
                self.left_out = (dropped * scale).astype(np.float32)
        return super().boxes_from_bitmap(pred, mask, dest_width, dest_height)

    def _largest(self, pred: Any, mask: Any) -> tuple[Any, NDArray[np.float64] | None]:
        """The largest shapes of `mask`, without holes, and the corners of the rectangle around the
        others. Shapes that are too small or too faint for a line are in neither."""
        _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        areas = stats[:, cv2.CC_STAT_AREA]
        sides = np.minimum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
        means = np.bincount(labels.ravel(), np.asarray(pred).ravel(), len(areas)) / areas
        possible = (sides >= self.min_size) & (means >= self.box_thresh)
        possible[0] = False  # the background
        order = np.flatnonzero(possible)[np.argsort(-areas[possible], kind="stable")]
        kept = np.zeros(len(areas), dtype=np.uint8)
        kept[order[: self.max_candidates]] = 1
        outlines, _ = cv2.findContours(kept[labels], cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        filled = cv2.drawContours(np.zeros_like(mask), outlines, -1, 1, cv2.FILLED)
        others = stats[order[self.max_candidates :]]
        if not len(others):
            return filled, None
        left, top = others[:, cv2.CC_STAT_LEFT].min(), others[:, cv2.CC_STAT_TOP].min()
        right = (others[:, cv2.CC_STAT_LEFT] + others[:, cv2.CC_STAT_WIDTH]).max()
        bottom = (others[:, cv2.CC_STAT_TOP] + others[:, cv2.CC_STAT_HEIGHT]).max()
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        return filled, np.asarray(corners, dtype=np.float64)


def _key(box: Any) -> bytes:
    return np.asarray(box, np.float32).tobytes()
