"""The short form of `python -m benchmarks.faults`: two kills under load, and nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from benchmarks.faults import inflicting
from benchmarks.faults.bed import ENVIRONMENT, client_of, struck, tiny_config
from benchmarks.faults.report import Row
from deployments.local.child_service import Service

pytestmark = pytest.mark.ray
LOAD_S = 8.0
KILLED = ("diffusion-default", "ingress")


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Row]]:
    folder = tmp_path_factory.mktemp("faults")
    service = Service(folder / "data", tiny_config(folder), ENVIRONMENT)

    async def strike_all() -> dict[str, Row]:
        async with client_of(service, folder / "data") as client:
            return {
                name: await struck(
                    client, inflicting.killed(service.pid, name), folder / "data", LOAD_S
                )
                for name in KILLED
            }

    try:
        service.wait_until_ready()
        yield asyncio.run(strike_all())
    finally:
        service.stop()


def test_a_killed_diffusion_replica_costs_no_client_its_image(rows: dict[str, Row]) -> None:
    """Each request is run once more; who meets two deaths is told so."""
    row = rows["diffusion-default"]
    assert {end.outcome for end in row.ends} <= {"ok", "REPLICA_LOST", "OVERLOADED"}
    assert sum(end.is_ok for end in row.ends) >= len(row.ends) * 0.8
    assert row.findings.told() == "nothing"


def test_a_killed_ingress_loses_and_doubles_nothing_that_was_promised(
    rows: dict[str, Row],
) -> None:
    row = rows["ingress"]
    assert any(end.is_ok and end.began_s > row.struck_s for end in row.ends)
    assert row.findings.told() == "nothing"
