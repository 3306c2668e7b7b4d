"""The validators over their handles. Verdicts are pure, and a copy has a name of its own that the
ingress drew: so where a replica is lost, another one is asked once more."""

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
    anonymize = remote(PrivacyValidation.anonymize, policy=TWICE)
