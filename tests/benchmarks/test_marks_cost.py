"""The benchmark of marks at a small size, and the bytes that it promises at full size."""

from __future__ import annotations

from benchmarks.marks import rows, with_log

BUDGET_BYTES = 4096


def test_a_mark_keeps_to_its_bytes_in_every_format() -> None:
    found = {name: more for name, _, more, _ in rows(side=64, repeats=1)}
    own_key = {name: more for name, more in found.items() if "KMS" not in name}
    assert set(own_key) == {"PNG", "JPEG", "WEBP"}
    assert all(0 < more <= BUDGET_BYTES for more in own_key.values())


def test_the_cost_with_a_line_in_the_log_is_measured() -> None:
    assert with_log(side=64, repeats=1) > 0
