"""Examples of requests and answers that are not in the API reference, by the name of the model."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from serve_app.schemas.openapi.examples import ERROR, IMAGES, PRIVACY, Example

_SET = "/data/generated/nature_set"
_IMAGE = f"{_SET}/image_1.png"
_TIME = "2025-05-15T14:30:00Z"
_SPEC: Example = {
    "name": "pets",
    "seed": 7,
    "quotas": {"animal": {"fox": 100, "cat": 100}},
    "attributes": {
        "animal": [{"values": {"fox": 1, "cat": 1}}],
        "place": [{"values": {"wood": 3, "room": 1}}],
    },
    "prompt": ["a {animal} in a {place}"],
    "labels": ["animal"],
}
_ROW: Example = {
    "id": "fox-00000",
    "prompt": "a fox in a wood",
    "negative_prompt": None,
    "seed": 4303023771887181,
    "parameters": {"width": 512, "height": 512},
    "attributes": {"animal": "fox", "place": "wood"},
    "labels": {"animal": "fox"},
}
_COUNTS: Example = {"animal": {"fox": 100, "cat": 100}, "place": {"wood": 104, "room": 96}}
_DATASET: Example = {
    "name": "nature_set",
    "path": _SET,
    "image_count": 120,
    "size_bytes": 24500000,
    "updated_at": _TIME,
    "verdicts": {"quality_passed": 118, "privacy_passed": 120},
}
_JOB: Example = {
    "id": "job_01j9x0c2v5",
    "kind": "generate.batch",
    "state": "running",
    "priority": "normal",
    "tries": 1,
    "created_at": _TIME,
    "progress": {"done": 25, "total": 64},
    "links": {
        "self": "/api/v1/jobs/job_01j9x0c2v5",
        "events": "/api/v1/jobs/job_01j9x0c2v5/events",
    },
}
_KEY: Example = {
    "name": "alice",
    "scopes": ["generate", "read"],
    "space": None,
    "max_stored_bytes": None,
    "expires_at": "2026-05-15T14:30:00Z",
    "budgets": [
        {
            "name": "generate",
            "rate": "10/minute",
            "limit": 10,
            "remaining": 7,
            "resets_at": _TIME,
        }
    ],
}
_DEPLOYMENT: Example = {
    "name": "diffusion-default",
    "status": "HEALTHY",
    "healthy": True,
    "message": "",
    "replicas": {"target": 2, "running": 2, "starting": 0, "stopping": 0},
    "models": [{"id": "inferloop/inferloop-mini", "replicas": 2, "memory_bytes": 61_000_000}],
}
_PLAN: Example = {
    "total": 200,
    "classes": {"fox": 100, "cat": 100},
    "counts": _COUNTS,
    "rows": [_ROW],
}
_SUMMARY: Example = {"image_count": 120}
_JUDGED: Example = {"passed": 118, "failed": 2, "errors": 0, "mean_score": 0.71}

EXAMPLES: Mapping[str, Example] = MappingProxyType(
    {
        "AnonymizeBody": {"image_path": "/data/uploads/office.jpg", "method": "blur"},
        "AnonymizeResponse": {
            "image_path": "/data/uploads/office_anonymized_01jv9zq3w8m4x2k7c5t6r1y0ea.png",
            "source_path": "/data/uploads/office.jpg",
            "method": "blur",
            "privacy": PRIVACY,
        },
        "ComparisonOut": {
            "conformance": 88.4,
            "distances": {"brightness_mean": 0.12, "hue": 0.03},
            "left": "nature",
            "right": "nature_set",
        },
        "DatasetCreated": {
            "status": "complete",
            "name": "pets",
            "path": "/data/generated/pets",
            "requested": 200,
            "made": 200,
            "kept": 0,
            "images_made": 214,
            "labels": {"animal": {"fox": 100, "cat": 100}},
            "short": [],
        },
        "DatasetList": {"datasets": [_DATASET]},
        "DatasetOut": _DATASET,
        "DatasetPlanned": _PLAN,
        "DatasetPreview": {
            **_PLAN,
            "images": [
                {
                    "id": "fox-00000",
                    "image_path": "/data/generated/pets-preview/fox-00000.png",
                    "missed": [],
                }
            ],
        },
        "DatasetReport": {
            "name": "nature_set",
            "made_at": _TIME,
            "images": 120,
            "size_bytes": 24500000,
            "verdicts": {"quality_passed": 118, "privacy_passed": 120},
            "reasons": {"motion": 2},
        },
        "DatasetSpec": _SPEC,
        "DatasetValidationBody": {"dataset_dir": _SET, "metrics": ["sharpness"]},
        "DatasetValidationResponse": {
            "dataset_dir": _SET,
            "image_count": 120,
            "quality": {**_JUDGED, "reasons": {"motion": 2}},
            "privacy": {**_JUDGED, "mean_score": 97.5},
            "failures": [{"image_path": _IMAGE, "reason": "quality not passed: motion 0.20"}],
        },
        "Deleted": {"status": "success", "name": "nature_set"},
        "ErrorEnvelope": ERROR,
        "Health": {"status": "ready"},
        "ImageList": IMAGES,
        "ImagesOut": {
            "created": 1747319400,
            "data": [{"b64_json": "iVBORw0KGgo...", "image_path": _IMAGE, "seed": 42}],
            "size": "512x512",
            "output_format": "png",
            "background": "opaque",
        },
        "ImagesSummaryOut": {
            "total": 120,
            "quality": {"passed": 118, "failed": 2},
            "privacy": {"passed": 120},
            "decisions": {"accepted": 80, "undecided": 40},
            "ratings": {"4": 12},
            "labels": {"place": {"wood": 120}},
            "tags": {"blurred": 3},
            "near_duplicates": None,
        },
        "JobList": {"jobs": [_JOB]},
        "JobOut": _JOB,
        "LogReport": {
            "intact": True,
            "chains": 2,
            "segments": 3,
            "entries": 412,
            "torn": 0,
            "problems": [],
        },
        "ModelList": {"object": "list", "data": [{"id": "runwayml/stable-diffusion-v1-5"}]},
        "ModelOut": {"id": "runwayml/stable-diffusion-v1-5", "object": "model"},
        "OpenAIError": {
            "error": {
                "message": "Invalid parameter: n must be between 1 and 10",
                "type": "invalid_request_error",
                "param": "n",
                "code": "invalid_value",
            }
        },
        "PreviewBody": {"spec": _SPEC, "images": 4, "rows": 20},
        "ProfileBody": {"name": "nature", "source_dir": "/data/uploads/nature"},
        "ReportBody": {"reference_dir": "/data/uploads/real"},
        "DeploymentOut": _DEPLOYMENT,
        "DeploymentList": {"deployments": [_DEPLOYMENT]},
        "JobLog": {
            "lines": [
                {
                    "seq": 1,
                    "at": _TIME,
                    "event": "queued",
                    "message": "Accepted; it waits for its turn",
                },
                {"seq": 2, "at": _TIME, "event": "started", "message": "Started", "tries": 1},
            ]
        },
        "KeyOut": _KEY,
        "KeyList": {"callers": [_KEY]},
        "ServedModels": {
            "models": [
                {
                    "id": "runwayml/stable-diffusion-v1-5",
                    "is_default": True,
                    "defaults": {
                        "width": 512,
                        "height": 512,
                        "num_inference_steps": 50,
                        "guidance_scale": 7.5,
                    },
                    "loras": [],
                }
            ],
            "limits": {
                "min_side_px": 64,
                "max_side_px": 1024,
                "side_multiple_px": 8,
                "max_inference_steps": 150,
                "max_guidance_scale": 30,
                "max_seed": 9007199254740991,
                "max_prompt_chars": 2000,
                "max_prompts": 64,
            },
        },
        "SheetReport": {
            "dataset": "nature_set",
            "signature": "development",
            "signer": "CN=Inferloop development, untrusted",
            "signed_at": _TIME,
            "summary": _SUMMARY,
            "unchanged": True,
            "counts": {"added": 0, "lost": 0, "changed": 0},
            "added": [],
            "lost": [],
            "changed": [],
            "log_lost": [],
            "problems": [],
        },
        "SignedDataset": {
            "name": "nature_set",
            "sheet_path": f"{_SET}/inferloop.sheet.jsonl",
            "file_count": 240,
            "size_bytes": 24500000,
            "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "signature": "development",
            "summary": _SUMMARY,
        },
        "Ticket": {"ticket": "2f4cQm7x...", "expires_in_s": 30},
        "UploadResponse": {
            "image_path": "/data/uploads/upload_01jv9zq3w8m4x2k7c5t6r1y0ea.jpg",
            "size_bytes": 184320,
        },
        "Verification": {
            "mark": "present",
            "signature": "development",
            "changed": False,
            "made_by_ai": True,
            "signer": {"issuer": "Inferloop development, untrusted"},
            "claims": {"image_id": "image_1"},
            "recipe": {"prompt": "A beautiful sunset over mountains", "seed": 42},
            "recipe_matches": True,
            "log": None,
            "problems": [],
            "summary": "The file was made by AI and is as it was marked by a development key that "
            "nobody else trusts.",
        },
        "WebDatasetExportBody": {
            "dataset_dir": _SET,
            "output_dir": "/data/exports/nature_set",
            "splits": {"train": 0.9, "test": 0.1},
        },
        "WebDatasetExportResponse": {
            "status": "success",
            "exported_count": 120,
            "output_dir": "/data/exports/nature_set",
            "file_size_bytes": 25100000,
        },
        "WebhookSecretOut": {"secret": "whsec_MfKQ...", "algorithm": "v1"},
    }
)
