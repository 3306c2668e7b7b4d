"""Both storages, and the store of datasets on them."""

from tests.engines.storage.conftest import (
    bucket,
    clock,
    counting,
    folder_storage,
    make_image,
    make_request,
    recorder,
    s3_client,
    s3_endpoint_url,
    storage,
    store,
)

__all__ = [
    "bucket",
    "clock",
    "counting",
    "folder_storage",
    "make_image",
    "make_request",
    "recorder",
    "s3_client",
    "s3_endpoint_url",
    "storage",
    "store",
]
