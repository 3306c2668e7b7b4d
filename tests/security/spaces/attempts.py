"""The objects of a tenant, and all requests with which another tenant could try to access them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from httpx2 import Response
from starlette.testclient import TestClient

API = "/api/v1"
BODY = {"prompt": "a fox", "width": 64, "height": 64, "num_inference_steps": 2}


@dataclass(frozen=True)
class Belongings:
    """The objects of the tenant "acme". Paths are those that its clients see."""

    image: str
    upload: str
    export: str
    job: str
    """The id of a job."""


Attempt = Callable[[TestClient, Belongings], Response]


def _json(method: str, path: str, **body: Any) -> Attempt:
    return lambda client, _: client.request(method, f"{API}{path}", json=body or None)


ATTEMPTS: dict[tuple[str, str], list[Attempt]] = {
    ("POST", "/validate/quality"): [
        lambda c, b: c.post(f"{API}/validate/quality", json={"image_path": b.image}),
        lambda c, b: c.post(f"{API}/validate/quality", json={"image_path": b.upload}),
    ],
    ("POST", "/validate/privacy"): [
        lambda c, b: c.post(f"{API}/validate/privacy", json={"image_path": b.image}),
    ],
    ("POST", "/validate/dataset"): [
        _json("POST", "/validate/dataset", dataset_dir="/data/generated/secret")
    ],
    ("POST", "/anonymize"): [
        lambda c, b: c.post(f"{API}/anonymize", json={"image_path": b.image}),
    ],
    ("GET", "/profiles/{profile_name}"): [_json("GET", "/profiles/mine")],
    ("DELETE", "/profiles/{profile_name}"): [_json("DELETE", "/profiles/mine")],
    ("POST", "/profiles"): [
        _json("POST", "/profiles", name="stolen", source_dir="/data/generated/secret"),
        _json("POST", "/profiles", name="stolen", source_dir="/data/uploads/real"),
    ],
    ("GET", "/profiles/{profile_name}/compare"): [
        _json("GET", "/profiles/mine/compare?dataset=secret"),
        _json("GET", "/profiles/own/compare?dataset=secret"),
        _json("GET", "/profiles/own/compare?profile=mine"),
        _json("GET", "/profiles/own/compare?dataset=/data/uploads/real"),
    ],
    ("GET", "/profiles/{profile_name}/compare/plot"): [
        _json("GET", "/profiles/own/compare/plot?dataset=secret"),
    ],
    **{
        ("POST", f"/export/{kind}"): [
            _json(
                "POST",
                f"/export/{kind}",
                dataset_dir="/data/generated/secret",
                **{target: "/data/exports/stolen" + suffix},
            )
        ]
        for kind, target, suffix in (
            ("jsonl", "output_file", ".jsonl"),
            ("parquet", "output_file", ".parquet"),
            ("csv", "output_file", ".csv"),
            ("coco", "output_file", ".json"),
            ("imagefolder", "output_file", ".zip"),
            ("webdataset", "output_dir", ""),
        )
    },
    ("GET", "/images"): [
        lambda c, b: c.get(f"{API}/images", params={"path": b.image}),
        lambda c, b: c.get(f"{API}/images", params={"path": b.upload}),
        lambda c, b: c.get(f"{API}/images", params={"path": b.image, "side": 128}),
        lambda c, b: c.get(f"{API}/images", params={"path": b.image.replace(".png", ".json")}),
    ],
    ("GET", "/exports"): [lambda c, b: c.get(f"{API}/exports", params={"path": b.export})],
    ("PATCH", "/images"): [
        lambda c, b: c.patch(f"{API}/images", json={"path": b.image, "rating": 1}),
        lambda c, b: c.patch(f"{API}/images", json={"paths": [b.upload], "decision": "rejected"}),
    ],
    ("GET", "/datasets/{name}/images"): [_json("GET", "/datasets/secret/images")],
    ("GET", "/datasets/{name}/images/summary"): [_json("GET", "/datasets/secret/images/summary")],
    ("DELETE", "/images"): [
        lambda c, b: c.delete(f"{API}/images", params={"path": b.image}),
        lambda c, b: c.delete(f"{API}/images", params={"path": b.upload}),
    ],
    ("DELETE", "/exports"): [lambda c, b: c.delete(f"{API}/exports", params={"path": b.export})],
    ("GET", "/datasets/{name}"): [_json("GET", "/datasets/secret")],
    ("DELETE", "/datasets/{name}"): [_json("DELETE", "/datasets/secret")],
    ("POST", "/datasets/{name}/sign"): [_json("POST", "/datasets/secret/sign")],
    ("GET", "/datasets/{name}/sheet"): [_json("GET", "/datasets/secret/sheet")],
    ("POST", "/datasets/{name}/report"): [
        lambda c, b: c.post(f"{API}/datasets/secret/report", json={}),
        lambda c, b: c.post(
            f"{API}/datasets/own/report", json={"reference_dir": "/data/uploads/real"}
        ),
    ],
    ("GET", "/datasets/{name}/report"): [_json("GET", "/datasets/secret/report")],
    ("POST", "/verify"): [
        lambda c, b: c.post(f"{API}/verify", params={"path": b.image}),
        lambda c, b: c.post(f"{API}/verify", params={"path": b.upload}),
    ],
    ("GET", "/jobs/{job_id}"): [lambda c, b: c.get(f"{API}/jobs/{b.job}")],
    ("GET", "/jobs/{job_id}/log"): [lambda c, b: c.get(f"{API}/jobs/{b.job}/log")],
    ("POST", "/exports/ticket"): [
        lambda c, b: c.post(f"{API}/exports/ticket", params={"path": b.export})
    ],
    ("GET", "/jobs/{job_id}/events"): [lambda c, b: c.get(f"{API}/jobs/{b.job}/events")],
    ("DELETE", "/jobs/{job_id}"): [lambda c, b: c.delete(f"{API}/jobs/{b.job}")],
}
"""Route to the requests that name an object of "acme". Everybody else must get 404."""

NAMES_NOTHING = {
    ("POST", "/generate"): "makes a dataset of its own; profiles are tested below",
    ("POST", "/generate/batch"): "as one image",
    ("POST", "/datasets"): "makes a dataset of its own, under the caller's space",
    ("POST", "/datasets/preview"): "the same",
    ("POST", "/datasets/plan"): "reckons with the declaration alone",
    ("GET", "/models"): "the service's own models, the same for all",
    ("GET", "/whoami"): "the key that asks",
    ("GET", "/deployments"): "needs the scope admin and no space: test_deployments",
    ("GET", "/keys"): "needs the scope admin, and a space sees its own keys: test_callers",
    ("GET", "/datasets"): "lists: tested below",
    ("GET", "/profiles"): "lists: tested below",
    ("GET", "/jobs"): "lists: tested below",
    ("POST", "/images"): "makes a name of its own",
    ("GET", "/webhooks/secret"): "the secret of the same key",
    ("GET", "/marks/log"): "walks the log of its own space",
    ("POST", "/ws/ticket"): "opens a socket of the same key",
    ("POST", "/export/s3"): "buckets are closed here; the dataset as in the other exports",
}
