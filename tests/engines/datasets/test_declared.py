"""What is kept of a declared dataset between two runs."""

from __future__ import annotations

import pytest

from engines.datasets.declared import close_declared, open_declared
from engines.datasets.spec.result import Taken
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


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"[[1]]", b'[["a","b",1,null]]', b"[3]"])
def test_a_file_that_somebody_edited_says_nothing(storage: Storage, content: bytes) -> None:
    begin(storage)
    storage.replace("generated/pets/.declared/taken.json", content)
    assert begin(storage) == {}
    storage.replace("generated/pets/.declared/spec.json", content)
    assert begin(storage, "b") == {}


def test_what_lies_beside_the_images_is_no_part_of_the_dataset(storage: Storage) -> None:
    from engines.datasets.layout import iter_images, iter_left_out

    begin(storage)
    close_declared(storage, "pets", [FOX])
    assert not list(iter_images(storage, "generated/pets"))
    assert not list(iter_left_out(storage, "generated/pets"))
