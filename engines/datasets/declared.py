"""What lies beside the images of a declared dataset: its declaration, and what was taken.

generated/<dataset>/.declared/spec.json    the declaration, and the hash of what must not change
generated/<dataset>/.declared/taken.json   images that passed, as the last run left them
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple
from typing import TYPE_CHECKING

import orjson

from engines.datasets.layout import dataset_key, image_key
from engines.datasets.spec.result import Taken
from engines.errors import Conflict, NotFound

if TYPE_CHECKING:
    from engines.protocols import Storage

FOLDER = ".declared"


def open_declared(
    storage: Storage, name: str, identity: str, declaration: bytes
) -> Mapping[str, Taken]:
    """Begin, or go on with, the dataset of a declaration; returns what an earlier run took and is
    there still, by item. `identity`: hash of all that may not change. `declaration`: its JSON.
    Blocks.

    Raises:
        Conflict: the dataset has another declaration.
    """
    key = f"{dataset_key(name)}/{FOLDER}/spec.json"
    try:
        known = orjson.loads(storage.read(key))["identity"]
    except (NotFound, ValueError, KeyError, TypeError):
        known = None
    if known not in (None, identity):
        raise Conflict(
            f"The dataset {name} has another declaration: only its numbers and budgets may change"
        )
    content = {"identity": identity, "spec": orjson.Fragment(declaration)}
    storage.replace(key, orjson.dumps(content))
    there = (taken for taken in _taken(storage, name) if _is_there(storage, name, taken))
    return {taken.item_id: taken for taken in there}


def close_declared(storage: Storage, name: str, taken: Iterable[Taken]) -> None:
    """Keep what was taken, for later runs. Blocks."""
    rows = [astuple(each) for each in taken]
    storage.replace(f"{dataset_key(name)}/{FOLDER}/taken.json", orjson.dumps(rows))


def _taken(storage: Storage, name: str) -> Iterable[Taken]:
    """A file that was edited says nothing: its images are found and judged again."""
    try:
        rows = orjson.loads(storage.read(f"{dataset_key(name)}/{FOLDER}/taken.json"))
        for item_id, seed, tries, hashes in rows:
            yield Taken(str(item_id), int(seed), int(tries), tuple(hashes) if hashes else None)
    except (NotFound, ValueError, TypeError):
        return


def _is_there(storage: Storage, name: str, taken: Taken) -> bool:
    try:
        storage.stat(image_key(taken.item_id, name))
    except NotFound:
        return False
    return True
