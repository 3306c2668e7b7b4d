"""Answers of the service to the requests of `CALLS`."""

from __future__ import annotations

from typing import Any

PNG = "/data/generated/image_1.png"
SET = "/data/generated/nature_set"
GENERATED = {"image_path": PNG, "prompt": "p", "parameters": {"seed": 1}}
QUALITY = {"image_path": PNG, "quality_score": 0.85, "metrics": {}, "passed": True}
PRIVACY = {"image_path": PNG, "privacy_score": 95, "issues": [], "passed": True}
PROFILE = {"name": "n", "sample_count": 2, "statistics": {}}
EXPORT = {"status": "success", "exported_count": 1}
UPLOAD = {"status": "success", "uploaded_count": 1, "failed_count": 0}
SUMMARY = {"passed": 1, "failed": 0, "errors": 0, "mean_score": 0.5}
KEYS: dict[str, Any] = {"callers": []}
VERDICT = {"dataset_dir": SET, "image_count": 1, "quality": SUMMARY, "privacy": SUMMARY}

Call = tuple[str, tuple[Any, ...], dict[str, Any], str, str, Any, Any]
"""Method, arguments, HTTP method, path with query, body, answer."""
