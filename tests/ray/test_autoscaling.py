"""A pool grows to four replicas under a load and shrinks to one after it; nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from benchmarks import autoscaling
from deployments.local.child_service import Service

pytestmark = [pytest.mark.ray, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def gpu_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with autoscaling.gpu_service(tmp_path_factory.mktemp("gpu")) as service:
        yield service


def test_from_one_replica_to_four_and_back_without_losing_a_request(
    gpu_service: Service, record_property: Callable[[str, object], None]
) -> None:
    run = autoscaling.run(gpu_service)
    timeline = autoscaling.markdown(run.changes())
    record_property("timeline", timeline)
    running = [point.running for point in run.timeline]
    assert running[0] == 1
    assert max(running) == 4, timeline
    assert running[-1] == 1, timeline
    assert run.sent > 40, "every client was answered, and went on"
    assert run.lost == {}
