"""Settings of a job from environment variables."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from engines.errors import InvalidParameters

_COPIES = "/runtime_resources/working_dir_files/"
"""Part of the path to which Ray unpacks a submitted folder. Files written there are lost."""


class JobSettings(BaseSettings):
    """`INFERLOOP_*` variables, with the same names as the service's. S3 credentials come from AWS's
    own chain."""

    model_config = SettingsConfigDict(env_prefix="INFERLOOP_", frozen=True, extra="ignore")

    data_root: str | None = Field(
        default=None, description="Data root: folder or s3://bucket/prefix; None: ./data."
    )
    models_root: Path = Field(
        default=Path("models"), description="Folder to which model paths are relative."
    )
    s3_endpoint_url: str | None = Field(default=None, description="URL of an S3 server; None: AWS.")

    def absolute(self, root: str, cwd: Path) -> str:
        """The output root as an absolute path or S3 URL, valid for all processes of the cluster.

        Raises:
            InvalidParameters: a relative path without a data root would be in Ray's copy of the
                submitted folder.
        """
        if "://" in root or Path(root).is_absolute():
            return root.rstrip("/") or "/"
        base = self.data_root
        if base is None:
            if _COPIES in f"{cwd}/":
                constraint = "absolute, s3://, or below INFERLOOP_DATA_ROOT"
                raise InvalidParameters.of(
                    "output.root",
                    root,
                    constraint,
                    f"must be {constraint}: Ray deletes the folder in which a job runs",
                )
            base = str(cwd / "data")
        if "://" in base:
            return f"{base.rstrip('/')}/{root}"
        return str((cwd / base / root).absolute())

    def absolute_data_root(self, cwd: Path) -> str | None:
        """The data root as an absolute path or S3 URL; None if there is none."""
        return None if self.data_root is None else self.absolute("", cwd).rstrip("/")

    def absolute_models_root(self, cwd: Path) -> Path:
        """The models' folder as an absolute path."""
        return (cwd / self.models_root.expanduser()).absolute()
