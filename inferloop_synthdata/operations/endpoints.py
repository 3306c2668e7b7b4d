"""All functions that build an operation, in one place for the clients.

An argument that is omitted or None is not sent, so that the server uses its default. Paths of
images and folders are those of the server, as its answers give them. The client does not check
bounds: the server refuses an invalid value with `InvalidParameters`. For `on_progress` see
`operation.OnProgress`.
"""

from inferloop_synthdata.operations.datasets.exports import (
    ExportOptions,
    S3ExportOptions,
    export_coco,
    export_csv,
    export_imagefolder,
    export_jsonl,
    export_parquet,
    export_s3,
    export_webdataset,
)
from inferloop_synthdata.operations.datasets.library import (
    check_ready,
    dataset_report,
    delete_dataset,
    delete_image,
    download_export,
    download_image,
    get_dataset,
    list_datasets,
    list_models,
    save_report,
    upload_image,
)
from inferloop_synthdata.operations.generation import (
    GenerationOptions,
    generate_batch,
    generate_image,
)
from inferloop_synthdata.operations.jobs import (
    cancel_job,
    get_job,
    list_jobs,
    submit,
)
from inferloop_synthdata.operations.profiles import (
    compare_profile,
    create_profile,
    delete_profile,
    get_profile,
    list_profiles,
    plot_comparison,
)
from inferloop_synthdata.operations.provenance import (
    check_dataset,
    check_log,
    sign_dataset,
    verify_image,
    verify_stored,
)
from inferloop_synthdata.operations.service import list_deployments, list_keys, whoami
from inferloop_synthdata.operations.validation import (
    anonymize,
    validate_dataset,
    validate_privacy,
    validate_quality,
)

__all__ = [
    "ExportOptions",
    "GenerationOptions",
    "S3ExportOptions",
    "anonymize",
    "cancel_job",
    "check_dataset",
    "check_log",
    "check_ready",
    "compare_profile",
    "create_profile",
    "dataset_report",
    "delete_dataset",
    "delete_image",
    "delete_profile",
    "download_export",
    "download_image",
    "export_coco",
    "export_csv",
    "export_imagefolder",
    "export_jsonl",
    "export_parquet",
    "export_s3",
    "export_webdataset",
    "generate_batch",
    "generate_image",
    "get_dataset",
    "get_job",
    "get_profile",
    "list_datasets",
    "list_deployments",
    "list_jobs",
    "list_keys",
    "list_models",
    "list_profiles",
    "plot_comparison",
    "save_report",
    "sign_dataset",
    "submit",
    "upload_image",
    "validate_dataset",
    "validate_privacy",
    "validate_quality",
    "verify_image",
    "verify_stored",
    "whoami",
]
