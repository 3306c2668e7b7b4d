"""All types of issues: their severity, and whether they are personal data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Severity = Literal["low", "medium", "high"]

PII_SEVERITY: Mapping[str, Severity] = {
    "credit_card": "high",
    "iban": "high",
    "bank_account": "high",
    "ssn": "high",
    "passport": "high",
    "national_id": "high",
    "credential": "high",
    "crypto_wallet": "medium",
    "device_id": "medium",
    "mac_address": "medium",
    "email": "medium",
    "phone": "medium",
    "date_of_birth": "medium",
    "license_plate": "medium",
    "ip_address": "medium",
    "name": "medium",
    "address": "medium",
    "group": "medium",
    "url": "low",
}
METADATA_SEVERITY: Mapping[str, Severity] = {
    "gps_location": "high",
    "owner_name": "medium",
    "person_name": "medium",
    "device_serial": "low",
}
OTHER_SEVERITY: Mapping[str, Severity] = {
    "face": "high",
    "face_match": "high",
    "near_duplicate": "high",
    "text": "low",
    "text_unread": "medium",
    "names_not_checked": "low",
    "face_check_unavailable": "high",
    "text_check_unavailable": "high",
    "metadata_damaged": "medium",
    "metadata_not_checked": "medium",
    "frames_not_checked": "medium",
}
SEVERITY: Mapping[str, Severity] = {**PII_SEVERITY, **METADATA_SEVERITY, **OTHER_SEVERITY}
PERSONAL = frozenset(PII_SEVERITY) | frozenset(METADATA_SEVERITY)
NOT_LOOKED_AT = frozenset(
    {
        "face_check_unavailable",
        "text_check_unavailable",
        "metadata_damaged",
        "metadata_not_checked",
        "frames_not_checked",
    }
)
"""Types which say that a check did not run. An image with one of them does not pass, except for
`frames_not_checked` with `verdict.allow_unchecked_frames`."""
RANK: Mapping[Severity, int] = {"low": 0, "medium": 1, "high": 2}
