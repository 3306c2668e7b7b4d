"""Models and adapters from the Hugging Face hub: read from its local cache, or downloaded to it.

The hub library itself reads the environment variables for the cache's folder, the token and
offline use: `HF_HOME`, `HF_TOKEN`, `HF_HUB_OFFLINE`. The launcher passes them on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from diffusers import DiffusionPipeline
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import (
    LocalEntryNotFoundError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from engines.errors import GenerationFailed, NotFound

if TYPE_CHECKING:
    from engines.diffusion.config import HubSource

_ABSENT = (RepositoryNotFoundError, RevisionNotFoundError, RemoteEntryNotFoundError)


def pipeline_folder(source: HubSource, with_safety_checker: bool) -> Path:
    """The local folder of the repository at the revision; the folder's name is the commit.

    Downloads only the components that the pipeline's index names, as safetensors of the variant,
    and blocks until they are there. Raises `NotFound` if the hub has no such repository or
    revision, and `GenerationFailed` if the hub cannot be reached and the cache does not have it.
    """
    passed = {} if with_safety_checker else {"safety_checker": None}
    with _translated(source):
        folder = DiffusionPipeline.download(
            source.repository,
            revision=source.revision,
            variant=source.variant,
            use_safetensors=True,
            trust_remote_code=False,
            **passed,
        )
    return Path(folder)


def adapter_folder(source: HubSource, weight_name: str) -> Path:
    """The local folder with the adapter's weight file. Raises as `pipeline_folder` does."""
    with _translated(source):
        return Path(
            hf_hub_download(source.repository, weight_name, revision=source.revision)
        ).parent


@contextmanager
def _translated(source: HubSource) -> Iterator[None]:
    """Translate the hub library's errors, which diffusers wraps in a plain `OSError`."""
    name = f"{source.repository} (revision {source.revision or 'main'})"
    try:
        yield
    except OSError as error:
        if any(isinstance(each, _ABSENT) for each in (error, error.__cause__)):
            raise NotFound("hub repository", name) from error
        raise GenerationFailed(
            f"Hub repository {name} cannot be loaded: {_reason(error)}"
        ) from error


def _reason(error: OSError) -> str:
    if isinstance(error, LocalEntryNotFoundError) or "not fully cached" in str(error):
        return "it is not in the local cache, and the hub cannot be reached"
    return type(error).__name__
