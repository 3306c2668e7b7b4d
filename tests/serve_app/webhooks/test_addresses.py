"""Which addresses are servers of the internet."""

from __future__ import annotations

import pytest

from serve_app.webhooks.addresses import is_public, resolved


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2001:4860:4860::8888"]
)
def test_servers_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3"),
        *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1"),
        *("198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1"),
        *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::127.0.0.1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00::1"),
        *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:7f00:1", "64:ff9b::7f00:1"),
        *("64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:db8::1", "3fff::1", "100::1"),
        *("ff02::1", "5f00::1", "2001:4860:4860::8888%1"),
        *("", "localhost", "2130706433", "0x7f.1", "8.8.8.8/32", "127.1"),
    ],
)
def test_everything_else_is_not(address: str) -> None:
    assert not is_public(address)


async def test_the_system_resolves_names() -> None:
    assert set(await resolved("localhost", 443)) <= {"127.0.0.1", "::1"}
