"""A call of every REST endpoint: what the client is asked, what goes over the wire, the answer."""

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
VERDICT = {"dataset_dir": SET, "image_count": 1, "quality": SUMMARY, "privacy": SUMMARY}

# method, arguments, HTTP method, path with query, body, answer
CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any], str, str, Any, Any]] = [
    (
        "generate_image",
        (),
        {"prompt": "p", "width": 512, "seed": 0, "negative_prompt": None, "dataset": "d"},
        "POST",
        "/generate",
        {"prompt": "p", "width": 512, "seed": 0, "dataset": "d"},
        GENERATED,
    ),
    (
        "generate_batch",
        (),
        {"prompts": ("a", "b"), "batch_size": 2, "guidance_scale": 7.5},
        "POST",
        "/generate/batch",
        {"prompts": ["a", "b"], "batch_size": 2, "guidance_scale": 7.5},
        {"batch_id": "batch_1", "images": [{"image_path": PNG, "prompt": "a"}], "parameters": {}},
    ),
    (
        "validate_quality",
        (PNG,),
        {"metrics": ("sharpness", "noise")},
        "POST",
        "/validate/quality",
        {"image_path": PNG, "metrics": ["sharpness", "noise"]},
        QUALITY,
    ),
    (
        "validate_privacy",
        (PNG,),
        {"check_faces": False},
        "POST",
        "/validate/privacy",
        {"image_path": PNG, "check_faces": False},
        PRIVACY,
    ),
    (
        "validate_dataset",
        (SET,),
        {},
        "POST",
        "/validate/dataset",
        {"dataset_dir": SET},
        VERDICT,
    ),
    (
        "anonymize",
        (PNG,),
        {"method": "pixelate"},
        "POST",
        "/anonymize",
        {"image_path": PNG, "method": "pixelate"},
        {"image_path": PNG, "source_path": PNG, "method": "pixelate", "privacy": PRIVACY},
    ),
    ("list_profiles", (), {}, "GET", "/profiles", None, {"profiles": []}),
    ("get_profile", ("unsplash_nature",), {}, "GET", "/profiles/unsplash_nature", None, PROFILE),
    ("get_profile", ("a/b c?",), {}, "GET", "/profiles/a%2Fb%20c%3F", None, PROFILE),
    (
        "create_profile",
        ("n",),
        {"source_dir": "/data/uploads/n", "update": True},
        "POST",
        "/profiles",
        {"name": "n", "source_dir": "/data/uploads/n", "update": True},
        PROFILE,
    ),
    (
        "create_profile",
        ("n",),
        {"source_url": "s3://photos/n", "keep_hashes": True},
        "POST",
        "/profiles",
        {"name": "n", "source_url": "s3://photos/n", "keep_hashes": True},
        PROFILE,
    ),
    ("delete_profile", ("n",), {}, "DELETE", "/profiles/n", None, {"status": "success"}),
    (
        "compare_profile",
        ("n",),
        {"dataset": SET},
        "GET",
        "/profiles/n/compare?dataset=%2Fdata%2Fgenerated%2Fnature_set",
        None,
        {"conformance": 90.0, "distances": {}, "left": "n", "right": SET},
    ),
    (
        "compare_profile",
        ("n",),
        {"profile": "m"},
        "GET",
        "/profiles/n/compare?profile=m",
        None,
        {"conformance": 90.0, "distances": {}, "left": "n", "right": "m"},
    ),
    (
        "export_jsonl",
        (),
        {"dataset_dir": SET, "output_file": "/data/exports/a.jsonl", "include_metadata": True},
        "POST",
        "/export/jsonl",
        {"dataset_dir": SET, "output_file": "/data/exports/a.jsonl", "include_metadata": True},
        EXPORT,
    ),
    (
        "export_parquet",
        (),
        {
            "dataset_dir": SET,
            "output_file": "/data/exports/a.parquet",
            "splits": {"train": 0.9, "test": 0.1},
            "split_by": "cluster",
        },
        "POST",
        "/export/parquet",
        {
            "dataset_dir": SET,
            "output_file": "/data/exports/a.parquet",
            "splits": {"train": 0.9, "test": 0.1},
            "split_by": "cluster",
        },
        EXPORT,
    ),
    (
        "export_webdataset",
        (),
        {"dataset_dir": SET, "output_dir": "/data/exports/a", "filter": {"quality_passed": True}},
        "POST",
        "/export/webdataset",
        {"dataset_dir": SET, "output_dir": "/data/exports/a", "filter": {"quality_passed": True}},
        EXPORT,
    ),
    (
        "export_s3",
        (),
        {"dataset_dir": SET, "bucket_name": "my-data", "s3_prefix": "a/v1", "public_read": False},
        "POST",
        "/export/s3",
        {"dataset_dir": SET, "bucket_name": "my-data", "s3_prefix": "a/v1", "public_read": False},
        UPLOAD,
    ),
    ("list_datasets", (), {}, "GET", "/datasets", None, {"datasets": []}),
    ("get_dataset", ("d",), {}, "GET", "/datasets/d", None, {"name": "d", "image_count": 3}),
    ("check_dataset", ("d",), {}, "GET", "/datasets/d/sheet", None, {"unchanged": True}),
    ("check_log", (), {}, "GET", "/marks/log", None, {"intact": True}),
    ("delete_image", ("/data/a",), {}, "DELETE", "/images?path=%2Fdata%2Fa", None, {"name": "a"}),
    (
        "dataset_report",
        ("d",),
        {"reference_dir": SET, "profile": "p"},
        "POST",
        "/datasets/d/report",
        {"reference_dir": SET, "profile": "p"},
        {"name": "d", "images": 3, "near_duplicates": None},
    ),
    ("delete_dataset", ("d",), {}, "DELETE", "/datasets/d", None, {"status": "success"}),
]
