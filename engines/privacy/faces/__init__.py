"""Face detection with YuNet, or with dlib if YuNet does not work."""

from engines.privacy.faces.chain import FaceDetectorChain, build_face_detector
from engines.privacy.faces.scanning import ScanningDetector

__all__ = ["FaceDetectorChain", "ScanningDetector", "build_face_detector"]
