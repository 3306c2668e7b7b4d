"""The environment of a job's driver, read in one place."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from engines.errors import InvalidParameters

_COPIES = "/runtime_resources/working_dir_files/"
"""Where Ray unpacks a submitted working directory; what is written there is lost."""


class JobSettings(BaseSettings):
    """`INFERLOOP_*`, the same names as the service's. S3 keys come by AWS's own chain."""

    model_config = SettingsConfigDict(env_prefix="INFERLOOP_", frozen=True, extra="ignore")

    data_root: str | None = Field(
        default=None, description="Folder or s3://bucket/prefix; None: ./data."
    )
    models_root: Path = Field(
        default=Path("models"), description="Folder that relative model paths start from."
    )
    s3_endpoint_url: str | None = Field(default=None, description="S3 server other than AWS.")

    def absolute(self, root: str, cwd: Path) -> str:
        """An output root as every process of the cluster must see it.

        Raises:
            InvalidParameters: relative, without a data root, in Ray's copy of the folder.
        """
        if "://" in root or Path(root).is_absolute():
            return root.rstrip("/") or "/"
        base = self.data_root
        if base is None:
            if _COPIES in f"{cwd}/":
                constraint = "absolute, s3://, or below INFERLOOP_DATA_ROOT"
                raise InvalidParameters.of(
                    "output.root", root, constraint, f"must be {constraint}: a job's folder is lost"
                )
            base = str(cwd / "data")
        if "://" in base:
            return f"{base.rstrip('/')}/{root}"
        return str((cwd / base / root).absolute())

    def absolute_data_root(self, cwd: Path) -> str | None:
        """The data root, for every process of the job; None where there is none."""
        return None if self.data_root is None else self.absolute("", cwd).rstrip("/")

    def absolute_models_root(self, cwd: Path) -> Path:
        """Where the models are, for every process of the job."""
        return (cwd / self.models_root.expanduser()).absolute()
