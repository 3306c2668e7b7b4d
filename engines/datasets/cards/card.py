"""The dataset card: README.md with Hugging Face front matter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from huggingface_hub import DatasetCardData

from engines.datasets.records.schema import Column, leaves

if TYPE_CHECKING:
    from engines.datasets.records.features import Encoding
    from engines.datasets.writers.model import Tally, WrittenFile
    from engines.errors import JsonValue


@dataclass(frozen=True, slots=True)
class CardFacts:
    """The facts that a card contains."""

    dataset: str
    title: str
    files: tuple[WrittenFile, ...]
    columns: tuple[Column, ...]
    encoding: Encoding
    """How the files write a record."""
    features: list[JsonValue]
    """Types of the columns, for `features` in the card's `dataset_info`. Empty: readers infer
    them."""
    tally: Tally
    created_at: datetime
    loading: str
    """Python that loads the export."""
    data_files: JsonValue
    """Value of `data_files` in the card's `configs`; empty for files that `load_dataset` cannot
    read directly."""


_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def size_category(count: int) -> str:
    """Hugging Face's name for this number of records."""
    return next((word for limit, word in _SIZES if count < limit), "1M<n<10M")


def readme(facts: CardFacts) -> bytes:
    """The card: front matter for the Hub and for `datasets`, then a page for people."""
    return "\n".join(["---", _metadata(facts).to_yaml(), "---", "", *_page(facts), ""]).encode()


def _metadata(facts: CardFacts) -> DatasetCardData:
    configs = [{"config_name": "default", "data_files": facts.data_files}]
    info = {"config_name": "default", "features": facts.features} if facts.features else None
    return DatasetCardData(
        pretty_name=facts.title,
        tags=["synthetic", "image", "inferloop"],
        task_categories=["text-to-image"],
        size_categories=[size_category(facts.tally.exported)],
        configs=configs if facts.data_files else None,  # Fields that are None are left out.
        dataset_info=info,
    )


def _page(facts: CardFacts) -> list[str]:
    tally = facts.tally
    lines = [
        f"# {_plain(facts.title)}",
        "",
        f"{tally.exported} images, {tally.image_bytes} bytes, exported by Inferloop "
        f"Synthetic Images at {facts.created_at:%Y-%m-%d %H:%M} UTC.",
        "",
        "```python",
        facts.loading,
        "```",
        "",
    ]
    lines += _counts("Made by", tally.models) + _counts("Verdicts", tally.verdicts)
    lines += _counts("Splits", {k: v for k, v in tally.splits.items() if k})
    if tally.failed:
        lines += [f"{tally.failed} images of the dataset could not be exported.", ""]
    lines += ["## Fields", "", "| field | type | meaning |", "|---|---|---|"]
    lines += [f"| `{path}` | {c.type} | {c.description} |" for path, c in leaves(facts.columns)]
    return lines


def _counts(title: str, counts: dict[str, int]) -> list[str]:
    if not counts:
        return []
    rows = [f"- {_plain(name)}: {count}" for name, count in sorted(counts.items())]
    return [f"## {title}", "", *rows, ""]


def _plain(text: str) -> str:
    """The text without characters that Markdown or HTML would interpret."""
    return "".join(c for c in text if c.isalnum() or c in " ._-/+:@")
