"""The examples of the API reference, unchanged, for the OpenAPI document."""

from __future__ import annotations

from pydantic import JsonValue

Example = dict[str, JsonValue]

GENERATE: Example = {
    "prompt": "A beautiful sunset over mountains",
    "negative_prompt": "blurry, low quality",
    "model_id": "runwayml/stable-diffusion-v1-5",
    "width": 512,
    "height": 512,
    "num_inference_steps": 50,
    "guidance_scale": 7.5,
    "seed": 42,
}
GENERATED: Example = {
    "image_path": "/data/generated/image_1234567890.png",
    "prompt": "A beautiful sunset over mountains",
    "parameters": {
        "negative_prompt": "blurry, low quality",
        "model_id": "runwayml/stable-diffusion-v1-5",
        "width": 512,
        "height": 512,
        "num_inference_steps": 50,
        "guidance_scale": 7.5,
        "seed": 42,
    },
}
GENERATE_BATCH: Example = {
    "prompts": ["A beautiful sunset over mountains", "A futuristic city with flying cars"],
    "batch_size": 2,
    "model_id": "runwayml/stable-diffusion-v1-5",
    "width": 512,
    "height": 512,
    "num_inference_steps": 50,
    "guidance_scale": 7.5,
}
GENERATED_BATCH: Example = {
    "batch_id": "batch_1234567890",
    "images": [
        {
            "image_path": "/data/generated/image_1234567890_1.png",
            "prompt": "A beautiful sunset over mountains",
        },
        {
            "image_path": "/data/generated/image_1234567890_2.png",
            "prompt": "A futuristic city with flying cars",
        },
    ],
    "parameters": {
        "model_id": "runwayml/stable-diffusion-v1-5",
        "width": 512,
        "height": 512,
        "num_inference_steps": 50,
        "guidance_scale": 7.5,
    },
}
VALIDATE_QUALITY: Example = {
    "image_path": "/data/generated/image_1234567890.png",
    "metrics": ["sharpness", "contrast", "noise"],
}
QUALITY: Example = {
    "image_path": "/data/generated/image_1234567890.png",
    "quality_score": 0.85,
    "metrics": {"sharpness": 78.5, "contrast": 0.72, "noise_level": 0.03},
    "passed": True,
}
VALIDATE_PRIVACY: Example = {
    "image_path": "/data/generated/image_1234567890.png",
    "check_faces": True,
    "check_text": True,
}
PRIVACY: Example = {
    "image_path": "/data/generated/image_1234567890.png",
    "privacy_score": 95,
    "faces_detected": 0,
    "text_detected": False,
    "pii_detected": False,
    "issues": [],
    "passed": True,
}
PROFILES: Example = {
    "profiles": [
        {
            "name": "unsplash_nature",
            "created_at": "2025-05-15T14:30:00Z",
            "sample_count": 250,
            "path": "/data/profiles/stream_unsplash_nature.json",
        },
        {
            "name": "webcam_office",
            "created_at": "2025-05-20T09:15:00Z",
            "sample_count": 120,
            "path": "/data/profiles/stream_webcam_office.json",
        },
    ]
}
PROFILE: Example = {
    "name": "unsplash_nature",
    "created_at": "2025-05-15T14:30:00Z",
    "updated_at": "2025-05-16T10:45:00Z",
    "sample_count": 250,
    "path": "/data/profiles/stream_unsplash_nature.json",
    "statistics": {
        "color_distribution": {"red_mean": 0.42, "green_mean": 0.56, "blue_mean": 0.38},
        "brightness_mean": 0.48,
        "contrast_mean": 0.65,
        "resolution": {"width_mean": 1920, "height_mean": 1080},
    },
}
EXPORT_JSONL: Example = {
    "dataset_dir": "/data/generated/nature_set",
    "output_file": "/data/exports/nature_set.jsonl",
    "include_metadata": True,
    "include_annotations": True,
}
EXPORTED_JSONL: Example = {
    "status": "success",
    "exported_count": 120,
    "output_file": "/data/exports/nature_set.jsonl",
    "file_size_bytes": 2450000,
}
EXPORT_S3: Example = {
    "dataset_dir": "/data/generated/nature_set",
    "bucket_name": "my-synthetic-data",
    "s3_prefix": "datasets/nature/v1",
    "include_metadata": True,
    "public_read": False,
}
EXPORTED_S3: Example = {
    "status": "success",
    "uploaded_count": 120,
    "failed_count": 0,
    "total_size_bytes": 24500000,
    "bucket_name": "my-synthetic-data",
    "s3_prefix": "datasets/nature/v1",
    "manifest_url": "s3://my-synthetic-data/datasets/nature/v1/manifest.json",
}
ERROR: Example = {
    "error": {
        "code": "INVALID_PARAMETERS",
        "message": "Invalid parameter: width must be between 64 and 1024",
        "details": {"parameter": "width", "value": 2048, "constraint": "64 <= width <= 1024"},
    }
}


REVIEW_OF_ONE: Example = {
    "rating": 4,
    "tags": ["keep"],
    "decision": "accepted",
    "reviewer": "alice",
    "reviewed_at": "2025-05-15T14:35:00Z",
}
REVIEW: Example = {
    "paths": ["/data/generated/nature_set/image_1234567890.png"],
    "rating": 4,
    "tags": {"add": ["keep"], "remove": []},
    "decision": "accepted",
}
REVIEWED: Example = {
    "images": [
        {
            "image_path": "/data/generated/nature_set/image_1234567890.png",
            "review": REVIEW_OF_ONE,
        }
    ]
}
IMAGES: Example = {
    "images": [
        {
            "id": "image_1234567890",
            "image_path": "/data/generated/nature_set/image_1234567890.png",
            "created_at": "2025-05-15T14:30:00Z",
            "size_bytes": 310000,
            "width": 512,
            "height": 512,
            "prompt": "A beautiful sunset over mountains",
            "negative_prompt": None,
            "seed": 42,
            "served_model": "runwayml/stable-diffusion-v1-5",
            "labels": {"place": "mountains"},
            "quality": {
                "passed": False,
                "score": 0.2,
                "factors": [
                    {
                        "check": "quality",
                        "code": "sharpness",
                        "message": "The image is blurred.",
                        "value": 0.2,
                        "threshold": 0.5,
                        "box": None,
                    }
                ],
            },
            "privacy": {"passed": True, "score": 100.0, "factors": []},
            "review": REVIEW_OF_ONE,
            "cluster": None,
        }
    ],
    "total": 120,
    "next_cursor": "WyJjcmVhdGVkIixmYWxzZSwxNzQ3MzE1MDAwMDAwMDAwLCJpbWFnZV8xIl0",
}


def shown(example: Example) -> dict[str, JsonValue]:
    """The example in the form of a model's `json_schema_extra`."""
    return {"examples": [example]}
