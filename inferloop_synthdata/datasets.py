"""`client.datasets`: declared datasets and the images of datasets, for the blocking and the async
client."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Sequence
from typing import Protocol, TypeVar, Unpack

from inferloop_synthdata.answers import UploadedImage
from inferloop_synthdata.answers.looking import ListedImage
from inferloop_synthdata.errors import ClientError
from inferloop_synthdata.operations import declared as operations
from inferloop_synthdata.operations.datasets import looking
from inferloop_synthdata.operations.datasets.uploads import UploadedPictures, upload_calls
from inferloop_synthdata.operations.methods import awaiting, blocking
from inferloop_synthdata.operations.operation import OnProgress, Operation
from inferloop_synthdata.sources.labeled import LabeledPicture

T = TypeVar("T")


class Driver(Protocol):
    """A client that runs operations and blocks."""

    def run(self, operation: Operation[T]) -> T: ...


class AsyncDriver(Protocol):
    """A client that runs operations asynchronously."""

    async def run(self, operation: Operation[T]) -> T: ...


class Datasets:
    """The methods for datasets of a blocking client."""

    def __init__(self, client: Driver) -> None:
        self._client = client

    def run(self, operation: Operation[T]) -> T:
        """As the client's own."""
        return self._client.run(operation)

    create = blocking(operations.create_dataset)
    preview = blocking(operations.preview_dataset)
    plan = blocking(operations.plan_dataset)
    list_images = blocking(looking.list_images)
    summarize_images = blocking(looking.summarize_images)
    review = blocking(looking.review_images)

    def upload(
        self,
        name: str,
        pictures: Sequence[LabeledPicture],
        *,
        on_progress: OnProgress | None = None,
    ) -> UploadedPictures:
        """Upload local images to the dataset, in order, with their labels and prompts
        (`labeled_pictures(folder)` finds them). `on_progress(done, total)` counts the files.

        A file that is not an image is skipped, and listed in the result. Any other error ends the
        upload. A second run of the same upload does not store an image twice. Raises `ClientError`,
        and `OSError` if a file cannot be read.
        """
        calls = upload_calls(name, pictures, on_progress)
        answer: UploadedImage | ClientError | None = None
        while True:
            try:
                call = next(calls) if answer is None else calls.send(answer)
            except StopIteration as end:
                found: UploadedPictures = end.value
                return found
            try:
                answer = self.run(call)
            except ClientError as error:
                answer = error

    def images(
        self,
        name: str,
        *,
        sort: looking.SortBy | None = None,
        descending: bool = False,
        page_size: int | None = None,
        **criteria: Unpack[looking.ImageCriteria],
    ) -> Generator[ListedImage, None]:
        """Yields every image that meets the criteria. Each page is requested when it is needed. The
        arguments are those of `list_images`."""
        cursor: str | None = None
        while True:
            page = self.list_images(
                name, sort=sort, descending=descending, limit=page_size, cursor=cursor, **criteria
            )
            yield from page.images
            cursor = page.next_cursor
            if cursor is None:
                return


class AsyncDatasets:
    """The methods for datasets of an async client."""

    def __init__(self, client: AsyncDriver) -> None:
        self._client = client

    async def run(self, operation: Operation[T]) -> T:
        """As the client's own."""
        return await self._client.run(operation)

    create = awaiting(operations.create_dataset)
    preview = awaiting(operations.preview_dataset)
    plan = awaiting(operations.plan_dataset)
    list_images = awaiting(looking.list_images)
    summarize_images = awaiting(looking.summarize_images)
    review = awaiting(looking.review_images)

    async def upload(
        self,
        name: str,
        pictures: Sequence[LabeledPicture],
        *,
        on_progress: OnProgress | None = None,
    ) -> UploadedPictures:
        """As `Datasets.upload`."""
        calls = upload_calls(name, pictures, on_progress)
        answer: UploadedImage | ClientError | None = None
        while True:
            try:
                call = next(calls) if answer is None else calls.send(answer)
            except StopIteration as end:
                found: UploadedPictures = end.value
                return found
            try:
                answer = await self.run(call)
            except ClientError as error:
                answer = error

    async def images(
        self,
        name: str,
        *,
        sort: looking.SortBy | None = None,
        descending: bool = False,
        page_size: int | None = None,
        **criteria: Unpack[looking.ImageCriteria],
    ) -> AsyncGenerator[ListedImage, None]:
        """As `Datasets.images`."""
        cursor: str | None = None
        while True:
            page = await self.list_images(
                name, sort=sort, descending=descending, limit=page_size, cursor=cursor, **criteria
            )
            for image in page.images:
                yield image
            cursor = page.next_cursor
            if cursor is None:
                return
