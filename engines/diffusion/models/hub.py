"""Models and adapters of the Hugging Face hub: from its local cache, or downloaded into it.

Where the cache is, the token, and whether the hub may be asked at all (`HF_HOME`, `HF_TOKEN`,
`HF_HUB_OFFLINE`) are the hub library's own environment variables; the launcher passes them on.
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
    """The snapshot of the repository at the revision; its name is the commit.

    Downloads only what the pipeline's index names, as safetensors of the one variant. Blocks for
    as long as that takes. `NotFound` where the hub has no such repository or revision,
    `GenerationFailed` where it cannot be asked and the cache does not have it.
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
    """The folder that has the adapter's one file; errors as above."""
    with _translated(source):
        return Path(
            hf_hub_download(source.repository, weight_name, revision=source.revision)
        ).parent


@contextmanager
def _translated(source: HubSource) -> Iterator[None]:
    """The hub's errors in the domain's words. diffusers wraps them in a plain `OSError`."""
    name = f"{source.repository} (revision {source.revision or 'main'})"
    try:
        yield
    except OSError as error:
        if any(isinstance(each, _ABSENT) for each in (error, error.__cause__)):
            raise NotFound("hub repository", name) from error
        raise GenerationFailed(f"Hub repository {name} cannot be had: {_reason(error)}") from error


def _reason(error: OSError) -> str:
    if isinstance(error, LocalEntryNotFoundError) or "not fully cached" in str(error):
        return "it is not in the local cache, and the hub cannot be asked"
    return type(error).__name__
