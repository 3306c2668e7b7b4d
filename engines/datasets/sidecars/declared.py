"""What lies beside the images of a declared dataset: its declaration, and what was taken.

generated/<dataset>/.declared/spec.json    the declaration, and the hash of what must not change
generated/<dataset>/.declared/taken.json   images that passed, as the last run left them
generated/<dataset>/.declared/short.json   what was missing then, and why
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
from engines.datasets.store.layout import dataset_key, image_key
from engines.errors import Conflict, InvalidParameters, NotFound

if TYPE_CHECKING:
    from engines.protocols import Storage

FOLDER = ".declared"
COUNTED_ITEMS = 10_000
"""Items whose labels are counted one by one: tens of milliseconds for a thousand."""


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
    content = orjson.dumps({"identity": identity, "spec": orjson.Fragment(declaration)})
    while not _declared(storage, key, name, identity, content):
        pass  # somebody else declared it meanwhile: look whether it is the same
    there = (taken for taken in _taken(storage, name) if _is_there(storage, name, taken))
    return {taken.item_id: taken for taken in there}


def _declared(storage: Storage, key: str, name: str, identity: str, content: bytes) -> bool:
    """Write the declaration; False where another one was written at the same time."""
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
    """Keep what was taken, for later runs, and what is missing, for reports. Blocks."""
    for file, rows in (("taken", taken), ("short", short)):
        content = orjson.dumps([astuple(each) for each in rows])
        storage.replace(f"{dataset_key(name)}/{FOLDER}/{file}.json", content)


@dataclass(frozen=True, slots=True)
class DeclaredFacts:
    """What a declaration asks for, and what its last run missed."""

    requested: int
    labels: Mapping[str, Mapping[str, int]]
    """Label to value to images. Without quotas, and above `COUNTED_ITEMS` images, none."""
    short: tuple[Shortage, ...]


def declared_facts(storage: Storage, name: str) -> DeclaredFacts | None:
    """None for a dataset without a declaration, or with one of another version. Blocks."""
    try:
        kept = orjson.loads(storage.read(f"{dataset_key(name)}/{FOLDER}/spec.json"))
        plan = DatasetPlan(DatasetSpec.model_validate(kept["spec"]))
        return DeclaredFacts(plan.total, _asked(plan), tuple(_short(storage, name)))
    except (NotFound, ValueError, KeyError, TypeError, InvalidParameters):
        return None


def _asked(plan: DatasetPlan) -> dict[str, dict[str, int]]:
    """As the plan has it, item by item; of a large one, by its quotas alone."""
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
    """A file that was edited says nothing: its images are found and judged again."""
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
