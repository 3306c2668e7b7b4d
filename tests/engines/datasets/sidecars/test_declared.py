"""What is kept of a declared dataset between two runs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest

from engines.datasets.sidecars.declared import (
    DeclaredFacts,
    close_declared,
    declared_facts,
    open_declared,
)
from engines.datasets.spec.model import DatasetSpec
from engines.datasets.spec.result import Shortage, Taken
from engines.errors import Conflict
from engines.protocols import Storage

FOX = Taken("fox-00000", 7, 2, (2**64 - 1, 1))
CAT = Taken("cat-00000", 8, 1, None)


def begin(storage: Storage, identity: str = "a") -> dict[str, Taken]:
    return dict(open_declared(storage, "pets", identity, b'{"name":"pets"}'))


def test_a_later_run_knows_what_was_taken_and_is_there(storage: Storage) -> None:
    assert begin(storage) == {}
    storage.put_new("generated/pets/fox-00000.png", b"png")
    close_declared(storage, "pets", [FOX, CAT])
    assert begin(storage) == {"fox-00000": FOX}


def test_another_declaration_is_a_conflict(storage: Storage) -> None:
    begin(storage)
    with pytest.raises(Conflict, match="another declaration"):
        begin(storage, "b")


def test_after_a_run_without_any_image_a_corrected_declaration_may_follow(
    storage: Storage,
) -> None:
    begin(storage)
    close_declared(storage, "pets", [])
    assert [*storage.list("generated/pets")] == []
    assert begin(storage, "b") == {}
    storage.put_new("generated/pets/fox-00000.png", b"png")
    close_declared(storage, "pets", [])
    with pytest.raises(Conflict, match="another declaration"):
        begin(storage, "c")


def test_of_different_declarations_at_once_one_wins(storage: Storage) -> None:
    for name in (f"birds{number}" for number in range(20)):

        def declare(identity: str, name: str = name) -> bool:
            try:
                open_declared(storage, name, identity, b"{}")
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(4) as pool:
            taken = list(pool.map(declare, "abcd"))
        assert taken.count(True) == 1
        assert declare("abcd"[taken.index(True)])


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"[[1]]", b'[["a","b",1,null]]', b"[3]"])
def test_a_file_that_somebody_edited_says_nothing(storage: Storage, content: bytes) -> None:
    begin(storage)
    storage.replace("generated/pets/.declared/taken.json", content)
    assert begin(storage) == {}
    storage.replace("generated/pets/.declared/spec.json", content)
    assert begin(storage, "b") == {}


def test_what_lies_beside_the_images_is_no_part_of_the_dataset(storage: Storage) -> None:
    from engines.datasets.store.layout import iter_images, iter_left_out

    begin(storage)
    close_declared(storage, "pets", [FOX])
    assert not list(iter_images(storage, "generated/pets"))
    assert not list(iter_left_out(storage, "generated/pets"))


class TestFacts:
    """What a report says of a declaration."""

    SHORT = (Shortage("fox", "quality", 2), Shortage(None, "budget", 1))

    def declare(self, storage: Storage, **changes: object) -> DeclaredFacts | None:
        spec = {
            "name": "pets",
            "count": 4,
            "prompt": "a {animal}",
            "attributes": {"animal": ["fox"]},
        }
        declared = DatasetSpec.model_validate({**spec, **changes})
        open_declared(storage, "pets", "a", declared.model_dump_json().encode())
        return declared_facts(storage, "pets")

    def test_a_dataset_without_a_declaration_has_none(self, storage: Storage) -> None:
        assert declared_facts(storage, "pets") is None

    def test_counts_of_labels_are_those_of_the_plan(self, storage: Storage) -> None:
        found = self.declare(storage, labels=["animal"])
        assert found == DeclaredFacts(4, {"animal": {"fox": 4}}, ())

    def test_of_a_large_one_the_quotas_tell(self, storage: Storage) -> None:
        quotas = {"animal": {"fox": 60_000}}
        found = self.declare(storage, count=None, quotas=quotas)
        assert found == DeclaredFacts(60_000, quotas, ())
        assert self.declare(storage, count=60_000, labels=["animal"]) == DeclaredFacts(
            60_000, {}, ()
        )

    def test_what_was_missing_is_kept_until_the_next_run(self, storage: Storage) -> None:
        self.declare(storage)
        close_declared(storage, "pets", [FOX], self.SHORT)
        found = declared_facts(storage, "pets")
        assert found is not None
        assert found.short == self.SHORT
        close_declared(storage, "pets", [FOX])
        assert (declared_facts(storage, "pets") or found).short == ()

    @pytest.mark.parametrize("content", [b"", b"{", b"{}", b"[[1]]", b'[["a","b","x"]]', b"[3]"])
    def test_a_file_that_somebody_edited_is_none(self, storage: Storage, content: bytes) -> None:
        self.declare(storage)
        storage.replace("generated/pets/.declared/short.json", content)
        found = declared_facts(storage, "pets")
        assert found is not None
        assert found.short == ()
        storage.replace("generated/pets/.declared/spec.json", content)
        assert declared_facts(storage, "pets") is None


def test_a_dataset_whose_name_no_new_one_may_have_keeps_its_facts(storage: Storage) -> None:
    spec = {"name": "foxes.", "count": 3, "prompt": "a fox"}
    open_declared(storage, "foxes.", "identity", orjson.dumps(spec))
    facts = declared_facts(storage, "foxes.")
    assert facts is not None
    assert facts.requested == 3
