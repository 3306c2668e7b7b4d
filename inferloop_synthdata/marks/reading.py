"""Reads the C2PA mark in a file and verifies it. Needs the extra `verify`. Makes no network
requests."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from inferloop_synthdata.errors import JsonValue
from inferloop_synthdata.marks.png import MAGIC, is_intact, text

Signature = Literal["trusted", "development", "unknown", "invalid"]

AI_SOURCES = ("trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia")
RECIPE_LABEL = "ai.inferloop.recipe"
EDIT_LABEL = "ai.inferloop.edit"
RECIPE_KEYWORD = "inferloop.recipe"
_UNTRUSTED = "signingCredential.untrusted"
_CHANGED = ("assertion.dataHash.mismatch", "assertion.boxesHash.mismatch")
SIGNING_PURPOSES = (
    "1.3.6.1.5.5.7.3.4",  # e-mail protection
    "1.3.6.1.5.5.7.3.36",  # document signing (RFC 9336)
    "1.3.6.1.4.1.62558.2.1",  # C2PA's own, in certificates of the public C2PA trust list
    "1.3.6.1.4.1.311.76.59.1.9",  # Microsoft's for C2PA
)
"""Extended key usages with which a certificate may sign content. The library signs with all of
them, but by default reads only the first."""
_TRUST = {"trust_config": "\n".join(SIGNING_PURPOSES)}
_SETTINGS: dict[str, Any] = {
    "version": 1,
    "verify": {
        "verify_trust": True,
        "remote_manifest_fetch": False,  # a file must not cause requests to other servers
        "ocsp_fetch": False,
    },
}


@dataclass(frozen=True, slots=True)
class Anchors:
    """Certificates in PEM form: `trusted` authorities, and authorities for `development`."""

    trusted: str = ""
    development: str = ""


def read_mark(content: bytes, anchors: Anchors = Anchors()) -> dict[str, JsonValue]:
    """Verify a file without the service. Returns a `Verification` (docs/provenance.md) without
    `log`.

    Raises:
        ImportError: the extra `verify` is not installed.
        ValueError: the file is not PNG, JPEG or WebP.
    """
    media_type = media_type_of(content)
    if media_type is None:
        raise ValueError("neither PNG, JPEG nor WebP")
    recipe = recipe_in(content)
    store, problem = _store(content, media_type, anchors.trusted)
    if store is None:
        return _without_mark(content, recipe, problem)
    signature = _signature(store)
    if signature == "unknown" and anchors.development:
        again, _ = _store(content, media_type, anchors.development)
        if again is not None and _signature(again) == "trusted":
            signature = "development"
    active = store["manifests"][store["active_manifest"]]
    claims = _claims(active)
    return {
        "mark": "present",
        "signature": signature,
        "changed": _changed(store, signature, content),
        "made_by_ai": _made_by_ai(active),
        "signer": {**_signer(active), **_time_stamp(store)},
        "claims": claims,
        "recipe": recipe[0],
        "recipe_matches": _matches(recipe[1], claims),
        "problems": [code for code in _codes(store, "failure") if code != _UNTRUSTED],
    }


def media_type_of(content: bytes) -> str | None:
    """The MIME type by the first bytes of the file: PNG, JPEG or WebP. None for any other file."""
    if content.startswith(MAGIC):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return None


def _store(
    content: bytes, media_type: str, anchors: str
) -> tuple[dict[str, Any] | None, str | None]:
    """The file's manifests with the library's results, and a problem. Both are None if the file has
    no mark."""
    from c2pa import C2paError, Context, Reader, Settings

    trust = {**_TRUST, "trust_anchors": anchors} if anchors else _TRUST
    settings = {**_SETTINGS, "trust": trust}
    try:
        with Reader(
            media_type, io.BytesIO(content), context=Context(Settings.from_dict(settings))
        ) as reader:
            store: dict[str, Any] = json.loads(reader.json())
    except C2paError.ManifestNotFound:
        return None, None
    except C2paError as error:
        return None, str(error)[:200]
    if store.get("active_manifest") not in store.get("manifests", {}):
        return None, "the mark is damaged: it names a manifest that is not in it"
    return store, None


def _without_mark(
    content: bytes, recipe: tuple[dict[str, JsonValue] | None, str | None], problem: str | None
) -> dict[str, JsonValue]:
    is_broken = content.startswith(MAGIC) and not is_intact(content)
    problems: list[JsonValue] = [] if problem is None else [problem]
    if recipe[0] is not None:
        problems.append("the file has a recipe of this software, but no mark")
    damaged = problem is not None or is_broken or recipe[0] is not None
    return {
        "mark": "absent" if problem is None else "unreadable",
        "signature": None if problem is None else "invalid",
        "changed": True if damaged else None,
        "made_by_ai": None,
        "signer": None,
        "claims": {},
        "recipe": recipe[0],
        "recipe_matches": None,
        "problems": problems,
    }


def _codes(store: Mapping[str, Any], kind: str) -> list[str]:
    active = store.get("validation_results", {}).get("activeManifest", {})
    return [str(each.get("code")) for each in active.get(kind, ())]


def _signature(store: Mapping[str, Any]) -> Signature:
    failures = set(_codes(store, "failure"))
    if "claimSignature.validated" not in _codes(store, "success"):
        return "invalid"
    if failures - {_UNTRUSTED, *_CHANGED}:
        return "invalid"
    return "unknown" if _UNTRUSTED in failures else "trusted"


def _changed(store: Mapping[str, Any], signature: Signature, content: bytes) -> bool:
    """Whether the file was changed after signing. The hash of the C2PA standard does not cover the
    mark itself; changes there are found by the checksums of PNG."""
    if content.startswith(MAGIC) and not is_intact(content):
        return True
    if signature == "invalid" or set(_codes(store, "failure")) & set(_CHANGED):
        return True
    return not any(code.endswith("Hash.match") for code in _codes(store, "success"))


def _made_by_ai(active: Mapping[str, Any]) -> bool:
    for action in _actions(active):
        source = str(action.get("digitalSourceType", ""))
        if source.rpartition("/")[2] in AI_SOURCES:
            return True
    return False


def _actions(active: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    for assertion in active.get("assertions", ()):
        if str(assertion.get("label", "")).startswith("c2pa.actions"):
            data = assertion.get("data")
            yield from data.get("actions", ()) if isinstance(data, dict) else ()


def _signer(active: Mapping[str, Any]) -> dict[str, JsonValue]:
    info = active.get("signature_info") or {}
    names = ("common_name", "issuer", "alg", "cert_serial_number", "time")
    return {name: info[name] for name in names if info.get(name) is not None}


def _time_stamp(store: Mapping[str, Any]) -> dict[str, JsonValue]:
    """The state of the time stamp: invalid, trusted or untrusted. Empty if there is none."""
    kinds = ("success", "informational", "failure")
    said = [code.partition(".") for kind in kinds for code in _codes(store, kind)]
    stamps = {what for about, _, what in said if about == "timeStamp"}
    if not stamps:
        return {}
    if "validated" not in stamps or stamps - {"validated", "trusted", "untrusted"}:
        return {"time_stamp": "invalid"}
    return {"time_stamp": "trusted" if "trusted" in stamps else "untrusted"}


def _claims(active: Mapping[str, Any]) -> dict[str, JsonValue]:
    """The content of this software's own assertions. Empty if other software made the mark."""
    for assertion in active.get("assertions", ()):
        if assertion.get("label") in (RECIPE_LABEL, EDIT_LABEL):
            data = assertion.get("data")
            return dict(data) if isinstance(data, dict) else {}
    return {}


def recipe_in(content: bytes) -> tuple[dict[str, JsonValue] | None, str | None]:
    """The recipe in a PNG, and its SHA-256 as hexadecimal digits. Both are None if there is no
    recipe or it is damaged."""
    inside = text(content).get(RECIPE_KEYWORD)
    if inside is None:
        return None, None
    try:
        recipe = json.loads(inside)
    except ValueError:
        return None, None
    if not isinstance(recipe, dict):
        return None, None
    return recipe, hashlib.sha256(inside.encode()).hexdigest()


def _matches(digest: str | None, claims: Mapping[str, JsonValue]) -> bool | None:
    if digest is None or "recipe_sha256" not in claims:
        return None
    return digest == claims["recipe_sha256"]
