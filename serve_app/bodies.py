"""Which body each route takes: parsers for the routes, schemas for OpenAPI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from serve_app.config import ApiConfig
from serve_app.schemas.bounded import (
    batch_model,
    generate_message_model,
    generate_model,
    model_defaults,
)
from serve_app.schemas.export import FileExportBody, S3ExportBody, WebDatasetExportBody
from serve_app.schemas.generation import BatchBody, GenerateBody, GenerateMessageBody
from serve_app.schemas.library import ProfileBody
from serve_app.schemas.parser import BodyParser
from serve_app.schemas.validation import (
    AnonymizeBody,
    DatasetValidationBody,
    PrivacyBody,
    QualityBody,
)


@dataclass(frozen=True, slots=True)
class Bodies:
    """A parser per request body."""

    generate: BodyParser[GenerateBody]
    generate_message: BodyParser[GenerateMessageBody]
    batch: BodyParser[BatchBody]
    quality: BodyParser[QualityBody]
    privacy: BodyParser[PrivacyBody]
    dataset_validation: BodyParser[DatasetValidationBody]
    anonymize: BodyParser[AnonymizeBody]
    profile: BodyParser[ProfileBody]
    export_file: BodyParser[FileExportBody]
    export_webdataset: BodyParser[WebDatasetExportBody]
    export_s3: BodyParser[S3ExportBody]

    def models(self) -> Mapping[str, type[BaseModel]]:
        """Model of the JSON body by path below the API's prefix; all are POST."""
        return {
            "/generate": self.generate.model,
            "/generate/batch": self.batch.model,
            "/validate/quality": self.quality.model,
            "/validate/privacy": self.privacy.model,
            "/validate/dataset": self.dataset_validation.model,
            "/anonymize": self.anonymize.model,
            "/profiles": self.profile.model,
            "/export/jsonl": self.export_file.model,
            "/export/parquet": self.export_file.model,
            "/export/webdataset": self.export_webdataset.model,
            "/export/s3": self.export_s3.model,
        }


def bodies_of(config: ApiConfig) -> Bodies:
    """Parsers with the config's bounds, and its models' defaults."""
    complete = model_defaults(config)
    return Bodies(
        generate=BodyParser(generate_model(config), complete),
        generate_message=BodyParser(generate_message_model(config), complete),
        batch=BodyParser(batch_model(config), complete),
        quality=BodyParser(QualityBody),
        privacy=BodyParser(PrivacyBody),
        dataset_validation=BodyParser(DatasetValidationBody),
        anonymize=BodyParser(AnonymizeBody),
        profile=BodyParser(ProfileBody),
        export_file=BodyParser(FileExportBody),
        export_webdataset=BodyParser(WebDatasetExportBody),
        export_s3=BodyParser(S3ExportBody),
    )
