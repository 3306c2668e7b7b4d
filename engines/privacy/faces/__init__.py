"""Face detection: YuNet, dlib, and the chain that falls back from one to the other."""

from engines.privacy.faces.chain import FaceDetectorChain, build_face_detector
from engines.privacy.faces.scanning import ScanningDetector

__all__ = ["FaceDetectorChain", "ScanningDetector", "build_face_detector"]
