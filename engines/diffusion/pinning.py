"""Check that the weights of an engine can change only with its config."""

from __future__ import annotations

from engines.diffusion.config import EngineConfig, HubSource


def check_pinned(engine: EngineConfig) -> None:
    """Check that every hub model and adapter is named by a commit: the owner of a repository can
    move a branch or a tag.

    Raises:
        ValueError: a revision is not a commit; names the first such model.
    """
    for model in engine.models:
        for source in (model.source, *(lora.source for lora in model.loras)):
            if isinstance(source, HubSource) and not source.is_pinned:
                raise ValueError(
                    f"model {model.id}: source.revision must be a commit of "
                    f"{source.repository} (40 hexadecimal digits), not "
                    f"{source.revision or 'left out'}; allow_unpinned_models is false"
                )
