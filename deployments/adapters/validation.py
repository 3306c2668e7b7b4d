"""The validators over their handles; verdicts are pure, so a lost replica is asked once more."""

from __future__ import annotations

from deployments.adapters.calling import TWICE
from deployments.adapters.remote import HandleAdapter, remote
from serve_app.services import PrivacyValidation, QualityValidation


class HandleQuality(HandleAdapter):
    """`QualityValidation` over the quality deployment."""

    validate = remote(QualityValidation.validate, policy=TWICE)


class HandlePrivacy(HandleAdapter):
    """`PrivacyValidation` over the privacy deployment."""

    validate = remote(PrivacyValidation.validate, policy=TWICE)
    anonymize = remote(PrivacyValidation.anonymize)
