"""The part of a Croissant document about responsible use, in its RAI vocabulary 1.0.

https://docs.mlcommons.org/croissant/docs/croissant-rai-spec.html

Contains only what is known from the export. The owner must add its intended use and maintenance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engines.datasets.cards.card import CardFacts
    from engines.errors import JsonValue

RAI_CONFORMS_TO = "http://mlcommons.org/croissant/RAI/1.0"


def responsible_use(facts: CardFacts) -> dict[str, JsonValue]:
    """Properties of the dataset about responsible use, by name."""
    return {
        "rai:dataCollection": _collection(facts),
        "rai:dataCollectionType": ["Software Collection"],
        "rai:dataAnnotationProtocol": [
            "Quality and privacy verdicts are given by programs; the version and the thresholds "
            "of each stand in its record (quality.validator_version, privacy.validator_version)."
        ],
        "rai:machineAnnotationTools": ["Inferloop Synthetic Images: quality and privacy checks"],
        "rai:dataBiases": [
            "Generated images show what their model learned: its biases are those of the data "
            "that it was trained on, and of the prompts."
        ],
        "rai:dataLimitations": _limitations(facts),
        "rai:personalSensitiveInformation": [_personal(facts)],
    }


def _collection(facts: CardFacts) -> str:
    made = sum(facts.tally.models.values())
    by = ", ".join(f"{name} ({count})" for name, count in sorted(facts.tally.models.items()))
    if not made:
        return f"{facts.tally.exported} images whose origin is not recorded."
    text = f"{made} of {facts.tally.exported} images were generated from prompts by {by}."
    others = facts.tally.exported - made
    return f"{text} The origin of {others} is not recorded." if others > 0 else text


def _limitations(facts: CardFacts) -> list[JsonValue]:
    said: list[JsonValue] = ["A generated image shows no real scene and need not match its prompt."]
    if facts.tally.failed:
        said.append(f"{facts.tally.failed} images of the dataset could not be exported.")
    return said


def _personal(facts: CardFacts) -> str:
    verdicts = facts.tally.verdicts
    passed, failed = (verdicts.get(f"privacy_{word}", 0) for word in ("passed", "failed"))
    unseen = facts.tally.exported - passed - failed
    return (
        f"Checked for faces, text and personal data: {passed} images passed, {failed} did not, "
        f"{max(0, unseen)} were not checked."
    )
