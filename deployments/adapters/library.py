"""Exports, datasets and profiles over their handles."""

from __future__ import annotations

from deployments.adapters.remote import HandleAdapter, remote, streamed
from serve_app.services import Datasets, Exporter, Profiles


class HandleExporter(HandleAdapter):
    """`Exporter` over the exporter deployment."""

    export = streamed(Exporter.export)
    export_s3 = streamed(Exporter.export_s3)


class HandleDatasets(HandleAdapter):
    """`Datasets` over the exporter deployment."""

    list = remote(Datasets.list, "list_datasets")
    get = remote(Datasets.get, "get_dataset")
    delete = remote(Datasets.delete, "delete_dataset")


class HandleProfiles(HandleAdapter):
    """`Profiles` over the profiles deployment."""

    list = remote(Profiles.list)
    get = remote(Profiles.get)
    create = remote(Profiles.create)
    delete = remote(Profiles.delete)
    compare = remote(Profiles.compare)
    plot = remote(Profiles.plot)
