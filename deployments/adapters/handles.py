"""Exports, datasets, profiles and the validators over Serve handles.

If a replica dies, the call is made once more. This is safe because reading changes nothing,
removing an object again has no effect, a profile has the id of the request that made it, an export
appears as a whole or not at all, a verdict has no side effects, and the ingress chooses the name of
an anonymized copy.
"""

from __future__ import annotations

from deployments.adapters.calling import REMOVING, TWICE
from deployments.adapters.remote import HandleAdapter, remote, streamed
from serve_app.services import Datasets, Exporter, PrivacyValidation, Profiles, QualityValidation


class HandleExporter(HandleAdapter):
    """Implements `serve_app.services.Exporter` by calls to the deployment `exporter`."""

    export = streamed(Exporter.export, policy=TWICE)
    export_s3 = streamed(Exporter.export_s3, policy=TWICE)


class HandleDatasets(HandleAdapter):
    """Implements `serve_app.services.Datasets` by calls to the deployment `exporter`."""

    list = remote(Datasets.list, "list_datasets", TWICE)
    get = remote(Datasets.get, "get_dataset", TWICE)
    delete = remote(Datasets.delete, "delete_dataset", REMOVING)
    sign = remote(Datasets.sign, "sign_dataset", TWICE)
    report = streamed(Datasets.report, policy=TWICE)
    images = remote(Datasets.images, "list_images", TWICE)
    images_summary = remote(Datasets.images_summary, "summarize_images", TWICE)
    review = remote(Datasets.review, "review_images", TWICE)
    open_declared = remote(Datasets.open_declared, policy=TWICE)
    close_declared = remote(Datasets.close_declared, policy=TWICE)


class HandleProfiles(HandleAdapter):
    """Implements `serve_app.services.Profiles` by calls to the deployment `profiles`."""

    list = remote(Profiles.list, policy=TWICE)
    get = remote(Profiles.get, policy=TWICE)
    create = remote(Profiles.create, policy=TWICE)
    delete = remote(Profiles.delete, policy=REMOVING)
    compare = remote(Profiles.compare, policy=TWICE)
    conformance = remote(Profiles.conformance, policy=TWICE)
    plot = remote(Profiles.plot, policy=TWICE)


class HandleQuality(HandleAdapter):
    """Implements `serve_app.services.QualityValidation` by calls to the deployment `quality`."""

    validate = remote(QualityValidation.validate, policy=TWICE)


class HandlePrivacy(HandleAdapter):
    """Implements `serve_app.services.PrivacyValidation` by calls to the deployment `privacy`."""

    validate = remote(PrivacyValidation.validate, policy=TWICE)
    anonymize = remote(PrivacyValidation.anonymize, policy=TWICE)
