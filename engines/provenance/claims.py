"""The content of marks, as C2PA manifest definitions (specification 2.2; CAWG training and data
mining assertion 1.1). They contain no personal data: instead of the prompt, only a digest of the
recipe."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engines.datasets.recipes.recipe import Recipe
    from engines.datasets.store.copies import Edit
    from engines.errors import JsonValue
    from engines.provenance.config import MarksConfig

SYNTHETIC = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
RECIPE_LABEL = "ai.inferloop.recipe"
EDIT_LABEL = "ai.inferloop.edit"
MINING_LABEL = "cawg.training-mining"
GENERATOR = "Inferloop Synthetic Images"

Definition = dict[str, "JsonValue"]


def recipe_sha256(recipe: Recipe) -> str:
    """SHA-256, hex, of the recipe's JSON, as embedded in the file."""
    return hashlib.sha256(recipe.to_json()).hexdigest()


def created(recipe: Recipe, segment: str | None, config: MarksConfig) -> Definition:
    """The manifest of a generated image. `segment` names the segment of the log of marks that will
    have the entry."""
    agent: Definition = {"name": recipe.served_model}
    if recipe.revision is not None:
        agent["version"] = recipe.revision
    action: Definition = {
        "action": "c2pa.created",
        "when": recipe.created_at.isoformat(timespec="seconds"),
        "digitalSourceType": SYNTHETIC,
        "softwareAgent": agent,
    }
    of_recipe: Definition = {
        "image_id": recipe.image_id,
        "recipe_sha256": recipe_sha256(recipe),
        "pixel_sha256": recipe.pixel_sha256,
        "log": segment,
    }
    actions = [action]
    if recipe.watermark:
        actions.append({"action": "c2pa.watermarked.unbound"})
    return _definition(recipe.image_id, actions, RECIPE_LABEL, of_recipe, config)


def edited(edit: Edit, title: str, segment: str | None, config: MarksConfig) -> Definition:
    """The manifest of a changed copy.

    The original is named as an ingredient by its digest only, because its own mark may name people
    or contain a thumbnail of what the change covered.
    """
    action: Definition = {"action": "c2pa.edited", "description": edit.operation}
    if edit.parent_is_synthetic:
        action["digitalSourceType"] = SYNTHETIC
    parent: Definition = {
        "title": "source",
        "format": edit.parent_media_type,
        "relationship": "parentOf",
        "instance_id": f"sha256:{edit.parent_sha256}",
    }
    of_edit: Definition = {
        "operation": edit.operation,
        "parent_sha256": edit.parent_sha256,
        "log": segment,
    }
    return {**_definition(title, [action], EDIT_LABEL, of_edit, config), "ingredients": [parent]}


def _definition(
    title: str,
    actions: list[Definition],
    label: str,
    ours: Mapping[str, JsonValue],
    config: MarksConfig,
) -> Definition:
    data: Definition = {name: value for name, value in ours.items() if value is not None}
    return {
        "title": title,
        "claim_generator_info": [{"name": GENERATOR}],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [*actions]}},
            {"label": MINING_LABEL, "data": {"entries": _mining(config)}},
            {"label": label, "data": data},
        ],
    }


def _mining(config: MarksConfig) -> Definition:
    said = {
        "cawg.ai_generative_training": config.generative_training,
        "cawg.ai_training": config.training,
        "cawg.data_mining": config.data_mining,
    }
    entries: Definition = {}
    for name, use in said.items():
        entries[name] = {"use": use}
    return entries
