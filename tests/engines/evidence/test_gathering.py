"""Reading every image of a folder once, in batches, and never again without need."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import pytest

from engines.datasets.store.layout import iter_images
from engines.errors import Canceled, InsufficientStorage, StorageFailed
from engines.evidence.encoders.encoder import EncoderUnavailable
from engines.evidence.gathering import Gathered, Gatherer
from engines.images import ImageLimits, read_pixels
from engines.metrics.phash import phash64_with_mirror
from engines.storage.folder.storage import FolderStorage
from tests.engines.evidence.conftest import SmallEncoder, png
from tests.engines.evidence.pictures import picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.types import ObjectStat, Pixels

SET = "generated/birds"


class FullDisk(FolderStorage):
    """Takes images, and no evidence."""

    error: Exception | None = InsufficientStorage("no room")

    @contextmanager
    def create(self, key: str) -> Iterator[BinaryIO]:
        if self.error is not None:
            raise self.error
        with super().create(key) as file:
            yield file


class Batches(SmallEncoder):
    """Remembers how many pictures came together."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def encode(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        self.sizes.append(len(pictures))
        return super().encode(pictures)


def fill(storage: FolderStorage, count: int) -> None:
    for seed in range(count):
        storage.replace(f"{SET}/p{seed}.png", png(picture(seed, 32)))


def stats_of(storage: FolderStorage) -> list[ObjectStat]:
    return list(iter_images(storage, SET))


@contextmanager
def gathered(
    storage: FolderStorage,
    encoder: SmallEncoder | None,
    limits: ImageLimits | None = None,
    batch_images: int = 16,
) -> Iterator[Gathered]:
    gatherer = Gatherer(storage, limits or ImageLimits(), read_pixels, encoder, batch_images)
    with gatherer.gather(SET, stats_of(storage)) as found:
        yield found


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    found = FolderStorage(tmp_path)
    fill(found, 5)
    return found


def test_an_image_is_told_by_its_digest_its_hashes_and_its_size(storage: FolderStorage) -> None:
    storage.replace(f"{SET}/wide.png", png(picture(7, 64)[:40]))
    with gathered(storage, SmallEncoder()) as found:
        wide = next(each for each in found.facts if each.name == "wide.png")
    assert wide.sha256 == hashlib.sha256(storage.read(f"{SET}/wide.png")).hexdigest()
    assert (wide.width, wide.height) == (64, 40)
    assert (wide.hash, wide.mirror) == phash64_with_mirror(picture(7, 64)[:40])
    assert 0 <= wide.sharpness <= 100


def test_features_lie_in_the_order_of_the_images(storage: FolderStorage) -> None:
    encoder = SmallEncoder()
    with gathered(storage, encoder) as found:
        assert [each.name for each in found.facts] == [f"p{n}.png" for n in range(5)]
        assert found.features is not None
        expected = encoder.encode([picture(n, 32) for n in range(5)])
        np.testing.assert_allclose(found.features.part(0, 5), expected, atol=1e-3)


def test_images_are_encoded_in_batches(storage: FolderStorage) -> None:
    encoder = Batches()
    with gathered(storage, encoder, batch_images=2):
        pass
    assert encoder.sizes == [2, 2, 1]


def test_a_batch_ends_before_an_image_that_is_known(storage: FolderStorage) -> None:
    """So that vectors stay in the order of the images."""
    with gathered(storage, SmallEncoder()):
        pass
    storage.replace(f"{SET}/p1.png", png(picture(50, 32)))
    storage.replace(f"{SET}/p4.png", png(picture(51, 32)))
    encoder = Batches()
    with gathered(storage, encoder) as found:
        assert found.features is not None
        whole = encoder.encode([picture(n, 32) for n in (0, 50, 2, 3, 51)])
        np.testing.assert_allclose(found.features.part(0, 5), whole, atol=1e-3)
    assert encoder.sizes == [1, 1, 5]


def test_what_is_no_image_is_named_and_has_no_features(storage: FolderStorage) -> None:
    storage.replace(f"{SET}/broken.png", b"no image")
    storage.replace(f"{SET}/empty.png", b"")
    storage.replace(f"{SET}/cut.png", png(picture(1, 32))[:100])
    with gathered(storage, SmallEncoder()) as found:
        assert sorted(found.unreadable) == ["broken.png", "cut.png", "empty.png"]
        assert len(found.facts) == 5
        assert found.features is not None
        assert len(found.features) == 5


def test_a_file_above_the_limit_is_not_even_read(storage: FolderStorage) -> None:
    storage.replace(f"{SET}/large.png", b"x" * 20_000)
    reads: list[int] = []

    def counting(content: bytes, limits: ImageLimits) -> Pixels:
        reads.append(len(content))
        return read_pixels(content, limits)

    limits = ImageLimits(max_bytes=10_000)
    with Gatherer(storage, limits, counting, None).gather(SET, stats_of(storage)) as found:
        assert found.unreadable == ["large.png"]
    assert max(reads) <= 10_000


def test_an_image_that_went_since_it_was_listed_is_unreadable(storage: FolderStorage) -> None:
    stats = stats_of(storage)
    storage.delete(f"{SET}/p2.png")
    gatherer = Gatherer(storage, ImageLimits(), read_pixels, SmallEncoder())
    with gatherer.gather(SET, stats) as found:
        assert found.unreadable == ["p2.png"]


def test_without_an_encoder_there_are_hashes_and_no_features(storage: FolderStorage) -> None:
    with gathered(storage, None) as found:
        assert found.features is None
        assert len({each.hash for each in found.facts}) == 5
    assert not list(storage.list(f"{SET}/.evidence"))


def test_a_folder_of_nothing_gives_nothing(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    with gathered(storage, SmallEncoder()) as found:
        assert (found.facts, found.unreadable) == ([], [])
        assert found.features is not None
        assert len(found.features) == 0


@pytest.mark.parametrize("error", [InsufficientStorage("no room"), StorageFailed("read-only")])
def test_where_nothing_can_be_kept_the_figures_are_there_all_the_same(
    tmp_path: Path, error: Exception
) -> None:
    storage = FullDisk(tmp_path)
    storage.error = error
    fill(storage, 3)
    with gathered(storage, SmallEncoder()) as found:
        assert len(found.facts) == 3


def test_every_image_is_told_of_readable_or_not(storage: FolderStorage) -> None:
    storage.replace(f"{SET}/broken.png", b"no image")
    heard: list[int] = []
    gatherer = Gatherer(storage, ImageLimits(), read_pixels, SmallEncoder())
    with gatherer.gather(SET, stats_of(storage), on_image=lambda: heard.append(1)):
        pass
    assert len(heard) == 6


def stop_after(images: int) -> Callable[[], None]:
    """A stop check that raises at the image after so many."""
    left = images

    def stop() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Canceled("gone")

    return stop


def gather_until(
    storage: FolderStorage, encoder: SmallEncoder, images: int, batch_images: int
) -> None:
    """Gather, and be stopped after so many images."""
    gatherer = Gatherer(storage, ImageLimits(), read_pixels, encoder, batch_images)
    stop = stop_after(images)
    with pytest.raises(Canceled), gatherer.gather(SET, stats_of(storage), stop=stop):
        pass


def test_work_that_is_stopped_in_its_first_batch_keeps_nothing(storage: FolderStorage) -> None:
    gather_until(storage, SmallEncoder(), images=3, batch_images=16)
    assert not list(storage.list(f"{SET}/.evidence"))


def test_work_that_was_stopped_continues_behind_its_last_batch(storage: FolderStorage) -> None:
    gather_until(storage, SmallEncoder(), images=4, batch_images=2)
    encoder = SmallEncoder()
    with gathered(storage, encoder) as found:
        assert [each.name for each in found.facts] == [f"p{n}.png" for n in range(5)]
        assert found.features is not None
        assert encoder.encoded == 1
        whole = SmallEncoder().encode([picture(n, 32) for n in range(5)])
        np.testing.assert_allclose(found.features.part(0, 5), whole, atol=1e-3)


def test_work_that_is_stopped_forgets_nothing_of_earlier_work(storage: FolderStorage) -> None:
    with gathered(storage, SmallEncoder()):
        pass
    storage.replace(f"{SET}/p0.png", png(picture(50, 32)))
    storage.replace(f"{SET}/p4.png", png(picture(51, 32)))
    gather_until(storage, SmallEncoder(), images=2, batch_images=1)
    encoder = SmallEncoder()
    with gathered(storage, encoder) as found:
        assert found.features is not None
        assert encoder.encoded == 1
        whole = SmallEncoder().encode([picture(n, 32) for n in (50, 1, 2, 3, 51)])
        np.testing.assert_allclose(found.features.part(0, 5), whole, atol=1e-3)


def test_a_batch_that_fails_leaves_the_earlier_ones(storage: FolderStorage) -> None:
    class FailsAtTheSecond(SmallEncoder):
        def encode(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
            if self.encoded:
                raise EncoderUnavailable("no memory")
            return super().encode(pictures)

    gatherer = Gatherer(storage, ImageLimits(), read_pixels, FailsAtTheSecond(), batch_images=2)
    with pytest.raises(EncoderUnavailable), gatherer.gather(SET, stats_of(storage)):
        pass
    encoder = SmallEncoder()
    with gathered(storage, encoder) as found:
        assert len(found.facts) == 5
    assert encoder.encoded == 3


def test_the_scratch_folder_is_empty_again(storage: FolderStorage, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    gatherer = Gatherer(storage, ImageLimits(), read_pixels, SmallEncoder(), scratch=scratch)
    with gatherer.gather(SET, stats_of(storage)) as found:
        assert len(found.facts) == 5
    assert list(scratch.iterdir()) == []
