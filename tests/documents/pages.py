"""The documents whose shell and Python blocks are run, in order, in one folder."""

from __future__ import annotations

RUN = (
    "docs/tutorials/first_image.md",
    "docs/tutorials/classifier.md",
    "docs/tutorials/signed_dataset.md",
    "docs/howto/keys_and_spaces.md",
    "docs/datasets.md",
    "docs/sdk.md",
    "docs/reference/contract.md",
    "README.md",
)
