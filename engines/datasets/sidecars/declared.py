"""The files of a declared dataset: its declaration, and the results of its last run.

generated/<dataset>/.declared/spec.json    the declaration, and a hash of its fixed parts
generated/<dataset>/.declared/taken.json   the accepted images
generated/<dataset>/.declared/short.json   the missing images, with reasons
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

import orjson

from engines.datasets.labels import LabelCounts
from engines.datasets.spec.model import DatasetSpec
from engines.datasets.spec.plan import DatasetPlan
from engines.datasets.spec.result import Shortage, Taken
from engines.datasets.store.beginning import check_beginning
from engines.datasets.store.layout import dataset_key, image_key, iter_images
from engines.errors import Conflict, InvalidParameters, NotFound

if TYPE_CHECKING:
    from engines.protocols import Storage

FOLDER = ".declared"
COUNTED_ITEMS = 10_000
"""Largest number of items whose labels are counted one by one, which takes tens of milliseconds per
thousand."""


def open_declared(
    storage: Storage, name: str, identity: str, declaration: bytes
) -> Mapping[str, Taken]:
    """Begin or continue a declared dataset. Blocks.

    Returns item id to the image that an earlier run accepted and that still exists. `identity`:
    hash of the parts of the declaration that may not change. `declaration`: its JSON.
    Raises:
        Conflict: the dataset has another declaration, or another dataset has this name in another
            case.
    """
    check_beginning(storage, dataset_key(name))
    key = f"{dataset_key(name)}/{FOLDER}/spec.json"
    content = orjson.dumps({"identity": identity, "spec": orjson.Fragment(declaration)})
    while not _declared(storage, key, name, identity, content):
        pass  # another process wrote a declaration at the same time: compare with that one
    there = (taken for taken in _taken(storage, name) if _is_there(storage, name, taken))
    return {taken.item_id: taken for taken in there}


def _declared(storage: Storage, key: str, name: str, identity: str, content: bytes) -> bool:
    """Write the declaration; False if another process wrote one at the same time."""
    try:
        etag = storage.stat(key).etag
        known = orjson.loads(storage.read(key))["identity"]
    except NotFound:
        etag, known = None, None
    except (ValueError, KeyError, TypeError):
        known = None
    if known not in (None, identity):
        raise Conflict(
            f"The dataset {name} has another declaration: only its numbers and budgets may change"
        )
    try:
        if etag is None:
            storage.put_new(key, content)
        else:
            storage.replace(key, content, etag)
    except Conflict:
        return False
    return True


def close_declared(
    storage: Storage, name: str, taken: Iterable[Taken], short: Iterable[Shortage] = ()
) -> None:
    """Store the accepted images, for later runs, and the missing ones, for reports. A run that
    ended before its first image leaves no declaration, so that a corrected one may follow. Blocks.
    """
    taken, short = [*taken], [*short]
    folder = dataset_key(name)
    if not taken and not short and next(iter_images(storage, folder), None) is None:
        for file in ("spec", "taken", "short"):
            storage.delete(f"{folder}/{FOLDER}/{file}.json")
        return
    for file, rows in (("taken", taken), ("short", short)):
        content = orjson.dumps([astuple(each) for each in rows])
        storage.replace(f"{dataset_key(name)}/{FOLDER}/{file}.json", content)


@dataclass(frozen=True, slots=True)
class DeclaredFacts:
    """The numbers that a declaration asks for, and the images that its last run could not make."""

    requested: int
    labels: Mapping[str, Mapping[str, int]]
    """Label to value to number of images. Empty for a dataset without quotas and with more than
    `COUNTED_ITEMS` images."""
    short: tuple[Shortage, ...]


def declared_facts(storage: Storage, name: str) -> DeclaredFacts | None:
    """The facts of a declared dataset; None if it has no declaration of a known version. Blocks."""
    try:
        kept = orjson.loads(storage.read(f"{dataset_key(name)}/{FOLDER}/spec.json"))
        # Older datasets may have a name that no new one may have; the facts do not depend on it.
        plan = DatasetPlan(DatasetSpec.model_validate({**kept["spec"], "name": "declared"}))
        return DeclaredFacts(plan.total, _asked(plan), tuple(_short(storage, name)))
    except (NotFound, ValueError, KeyError, TypeError, InvalidParameters):
        return None


def _asked(plan: DatasetPlan) -> dict[str, dict[str, int]]:
    """Label to value to the planned number of images, counted item by item; for a large plan only
    from the quotas."""
    if plan.total <= COUNTED_ITEMS:
        counts = LabelCounts()
        for item in plan.items():
            counts.add(item.labels)
        return counts.counts()
    quotas = [name for name in plan.spec.quotas or () if name in plan.spec.label_names]
    return {name: {str(value): n for value, n in plan.strata.items()} for name in quotas}


def _short(storage: Storage, name: str) -> Iterator[Shortage]:
    try:
        for stratum, reason, count in _rows(storage, name, "short"):
            yield Shortage(None if stratum is None else str(stratum), str(reason), int(count))
    except (ValueError, TypeError):
        return


def _rows(storage: Storage, name: str, file: str) -> list[list[Any]]:
    try:
        found = orjson.loads(storage.read(f"{dataset_key(name)}/{FOLDER}/{file}.json"))
    except NotFound:
        return []
    return found if isinstance(found, list) else []


def _taken(storage: Storage, name: str) -> Iterable[Taken]:
    """The accepted images of the last run; none if the file is damaged, in which case the images
    are checked again."""
    try:
        for item_id, seed, tries, hashes in _rows(storage, name, "taken"):
            yield Taken(str(item_id), int(seed), int(tries), tuple(hashes) if hashes else None)
    except (ValueError, TypeError):
        return


def _is_there(storage: Storage, name: str, taken: Taken) -> bool:
    try:
        storage.stat(image_key(taken.item_id, name))
    except NotFound:
        return False
    return True
