"""Limits on calls, downloads, storage and wrong keys: sections of the API's configuration."""

from __future__ import annotations

from pydantic import Field

from engines.types.frozen import FrozenModel


class WrongKeyLimits(FrozenModel):
    """Limits on wrong keys. Requests with correct keys are not affected."""

    per_minute: int = Field(
        default=20,
        ge=1,
        description="Wrong keys per minute from one address; above that, the answer is 429.",
    )
    max_addresses: int = Field(
        default=10_000,
        ge=1,
        description="Most stored addresses; first dropped is the one whose last attempt is oldest.",
    )


class CallDeadlines(FrozenModel):
    """Deadlines, in seconds, of calls that do not generate. Clients cannot change them."""

    lookup_s: float = Field(default=30.0, gt=0, description="To list, get or delete, seconds.")
    validation_s: float = Field(
        default=120.0, gt=0, description="To check or anonymize an image, seconds."
    )
    profile_s: float = Field(
        default=900.0, gt=0, description="To create or compare a profile, seconds."
    )
    export_s: float = Field(default=3600.0, gt=0, description="For an export, seconds.")
    dataset_base_s: float = Field(
        default=120.0, gt=0, description="To check a dataset: fixed part, seconds."
    )
    dataset_s_per_image: float = Field(
        default=10.0, ge=0, description="To check a dataset: added per image, seconds."
    )


class DatasetCreationLimits(FrozenModel):
    """Limits of `POST /datasets`."""

    max_images: int = Field(default=100_000, ge=1, description="Most images of a dataset per call.")
    in_flight: int = Field(
        default=8, ge=1, description="Images of a call that are made or checked at the same time."
    )


class DatasetValidationLimits(FrozenModel):
    """Limits of `POST /validate/dataset`."""

    max_images: int = Field(default=2000, ge=1, description="Most images of a dataset per call.")
    in_flight: int = Field(
        default=4, ge=1, description="Images of a call that are checked at the same time."
    )
    overload_retries: int = Field(
        default=5,
        ge=0,
        description="Retries with a busy validator before an image counts as an error.",
    )
    max_failures_listed: int = Field(
        default=100, ge=0, description="Most failed images that the answer names."
    )


class DownloadLimits(FrozenModel):
    """Limits of downloads of images and exports."""

    max_per_key: int = Field(
        default=8, ge=1, description="Most simultaneous downloads of one key, per ingress replica."
    )
    max_total: int = Field(
        default=128, ge=1, description="Most simultaneous downloads, per ingress replica."
    )
    presigned_s: int = Field(
        default=300, ge=1, le=604_800, description="How long a presigned URL is valid, seconds."
    )
    ticket_s: int = Field(
        default=900,
        ge=1,
        le=86_400,
        description="How long a ticket of `POST /exports/ticket` is valid, seconds: to begin its "
        "download, and to resume it.",
    )


class StorageQuotas(FrozenModel):
    """Storage quotas; a key's own quota in the keys file takes precedence."""

    max_bytes_per_key: int | None = Field(
        default=None,
        ge=0,
        description="Most bytes that a key, or all keys of a space together, may store; null: no "
        "limit.",
    )
