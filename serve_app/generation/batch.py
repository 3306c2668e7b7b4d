"""One batch call: one job per image, of which a limited number run at once."""

from __future__ import annotations

from collections.abc import Sequence

from engines.datasets.spec.tries import Checks
from engines.errors import InferloopError
from engines.types import GenerationRequest, StoredImage
from serve_app.errors import BatchFailed
from serve_app.flow.fan_out import fan_out
from serve_app.generation.jobs import OnStored, SpaceJobs, unheard
from serve_app.paths import PathCodec


async def run_batch(
    jobs: SpaceJobs,
    paths: PathCodec,
    requests: Sequence[GenerationRequest],
    in_flight: int,
    on_stored: OnStored = unheard,
    checks: Checks | None = None,
) -> list[StoredImage]:
    """The images in the order of the requests.

    The first error stops the others and is raised as `BatchFailed`, which lists the images made
    before it. Canceling the call cancels all jobs. `on_stored` is called for each image that was
    stored.
    """
    made: dict[str, StoredImage] = {}

    async def make(request: GenerationRequest) -> StoredImage:
        job_id = jobs.submit(request, on_stored, checks)
        with jobs.lease(job_id):
            image = await jobs.outcome(job_id)
        made[request.image_id] = image
        return image

    try:
        return await fan_out(requests, make, in_flight)
    except InferloopError as error:
        done = [made[one.image_id] for one in requests if one.image_id in made]
        raise BatchFailed(error, tuple(paths.to_wire(image.key) for image in done)) from error
