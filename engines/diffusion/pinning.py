"""Whether the weights of an engine can change without its config changing."""

from __future__ import annotations

from engines.diffusion.config import EngineConfig, HubSource


def check_pinned(engine: EngineConfig) -> None:
    """A hub model or adapter is named by a commit: what a branch or a tag names is the choice of
    the repository's owner.

    Raises:
        ValueError: the first that is not, by the id of its model.
    """
    for model in engine.models:
        for source in (model.source, *(lora.source for lora in model.loras)):
            if isinstance(source, HubSource) and not source.is_pinned:
                raise ValueError(
                    f"model {model.id}: source.revision must be a commit of "
                    f"{source.repository} (40 hexadecimal digits), not "
                    f"{source.revision or 'left out'}; allow_unpinned_models is false"
                )
