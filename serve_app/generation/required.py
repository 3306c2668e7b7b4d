"""Images with requirements: they are checked, and made again if they fail."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TypedDict

from engines.datasets.spec.requirements import DEFAULT_TRIES, Requirements
from engines.datasets.spec.tries import Judged
from engines.errors import InvalidParameters, NotFound
from engines.types import (
    GenerationRequest,
    PrivacyReport,
    QualityReport,
    StoredImage,
    Verdicts,
)
from serve_app.flow.deadlines import within
from serve_app.paths import PathCodec
from serve_app.schemas.generation import BatchImage, ImageParameters, VerdictsOut
from serve_app.schemas.validation_reports import privacy_response, quality_response
from serve_app.services import Services


@dataclass(frozen=True, slots=True)
class RequiredChecks:
    """`Checks` that use the validators of the caller's space."""

    services: Services
    requirements: Requirements
    max_tries: int
    deadline_s: float
    """Seconds for one validator on one image."""

    async def judge(self, image: StoredImage, request: GenerationRequest) -> Judged:
        quality = await self._quality(image.key, request.prompt)
        privacy = await self._privacy(image.key)
        verdicts = Verdicts(quality, privacy, await self._conformance(image.key))
        return Judged(verdicts, self.requirements.missed(verdicts))

    async def discard(self, key: str) -> None:
        with suppress(NotFound):
            await self.services.files.delete_image(key)

    async def _quality(self, key: str, prompt: str) -> QualityReport | None:
        wanted = self.requirements.quality
        if wanted is None:
            return None
        metrics = [*wanted.min_metrics] or None
        work = self.services.quality.validate(key, metrics, prompt)
        return await within(self.deadline_s, work)

    async def _conformance(self, key: str) -> float | None:
        wanted = self.requirements.profile
        if wanted is None:
            return None
        work = self.services.profiles.conformance(wanted.name, key)
        return await within(self.deadline_s, work)

    async def _privacy(self, key: str) -> PrivacyReport | None:
        wanted = self.requirements.privacy
        if wanted is None:
            return None
        work = self.services.privacy.validate(key, wanted.check_faces, wanted.check_text)
        return await within(self.deadline_s, work)


def required_checks(
    body: ImageParameters, services: Services, deadline_s: float
) -> RequiredChecks | None:
    """The checks for a request's `require`; None if it has no requirements.

    Raises:
        InvalidParameters: the request has `max_tries` without `require`.
    """
    requirements = body.require
    if requirements is None or not requirements.any:
        if body.max_tries is not None:
            constraint = "given together with require"
            raise InvalidParameters.of(
                "max_tries", body.max_tries, constraint, f"must be {constraint}"
            )
        return None
    return RequiredChecks(services, requirements, body.max_tries or DEFAULT_TRIES, deadline_s)


class _Shown(TypedDict, total=False):
    verdicts: VerdictsOut
    tries: int


def batch_image(image: StoredImage, prompt: str, paths: PathCodec) -> BatchImage:
    """One image of a batch, as the answer shows it."""
    path = paths.to_wire(image.key)
    if image.verdicts is None:
        return BatchImage(image_path=path, prompt=prompt)
    return BatchImage(image_path=path, prompt=prompt, seed=image.seed, **verdicts_out(image, paths))


def verdicts_out(image: StoredImage, paths: PathCodec) -> _Shown:
    """The fields `verdicts` and `tries` for an image that had to meet requirements."""
    found = image.verdicts
    if found is None:
        return {}
    quality = None if found.quality is None else quality_response(found.quality, paths)
    privacy = None if found.privacy is None else privacy_response(found.privacy, paths)
    shown = VerdictsOut(quality=quality, privacy=privacy, conformance=found.conformance)
    return {"verdicts": shown, "tries": image.tries}
