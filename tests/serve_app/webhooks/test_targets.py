"""Where a webhook may lead, by its URL alone."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from engines.errors import InvalidParameters
from serve_app.webhooks.config import Webhooks
from serve_app.webhooks.targets import Target, allowed_target

ALLOWED = ("hooks.example.com", "*.example.org", "other.example.net:8443", "b\u00fccher.example")


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://hooks.example.com", Target("hooks.example.com", 443, "/")),
        ("https://hooks.example.com/a/b?c=d&e", Target("hooks.example.com", 443, "/a/b?c=d&e")),
        ("https://hooks.example.com:443/x", Target("hooks.example.com", 443, "/x")),
        ("HTTPS://Hooks.EXAMPLE.com./x", Target("hooks.example.com", 443, "/x")),
        ("https://a.example.org/x", Target("a.example.org", 443, "/x")),
        ("https://a.b.example.org/x", Target("a.b.example.org", 443, "/x")),
        ("https://other.example.net:8443/x", Target("other.example.net", 8443, "/x")),
        ("https://b\u00fccher.example/x", Target("xn--bcher-kva.example", 443, "/x")),
        ("https://xn--bcher-kva.example/x", Target("xn--bcher-kva.example", 443, "/x")),
        ("https://B\u00dcCHER.example/x", Target("xn--bcher-kva.example", 443, "/x")),
        ("https://hooks\u3002example\uff0ecom/x", Target("hooks.example.com", 443, "/x")),
    ],
)
def test_an_allowed_host_however_it_is_written(url: str, target: Target) -> None:
    assert allowed_target(url, ALLOWED) == target


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/x",
        "ftp://hooks.example.com/x",
        "//hooks.example.com/x",
        "hooks.example.com",
        "",
        "https://",
        "https:///x",
        "https:hooks.example.com",
        "https://evil.com/x",
        "https://hooks.example.com.evil.com/x",
        "https://evilhooks.example.com/x",
        "https://example.org/x",  # only what lies below it
        "https://evilexample.org/x",
        "https://hooks.example.com:8443/x",
        "https://hooks.example.com:0/x",
        "https://hooks.example.com:99999/x",
        "https://hooks.example.com:x/x",
        "https://other.example.net/x",
        "https://hooks.example.com@evil.com/x",
        "https://evil.com@hooks.example.com/x",
        "https://user:secret@hooks.example.com/x",
        "https://@hooks.example.com/x",
        "https://hooks.example.com#@evil.com/x",
        "https://hooks.example.com/x#",
        "https://evil.com\\@hooks.example.com/x",
        "https://hooks.example.com\\.evil.com/x",
        "https://hooks.example.com /x",
        "https://hooks.exa\nmple.com/x",
        "https://hooks.exa\tmple.com/x",
        " https://hooks.example.com/x",
        "https://hooks.example.com/x\r\nHost: evil.com",
        "https://hooks.example.com/\u00e9",
        "https://hooks.example.com/\x00",
        "https://hooks%2eexample.com/x",
        "https://hooks.example.com../x",
        "https://hooks..example.com/x",
        "https://127.0.0.1/x",
        "https://2130706433/x",
        "https://0x7f000001/x",
        "https://0177.0.0.1/x",
        "https://127.1/x",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://[fe80::1%25eth0]/x",
        "https://[hooks.example.com]/x",
        "https://\u2460\u2461\u2466.0.0.1/x",
        "https://localhost/x",
        "https://localhost./x",
        "https://-.example.org/x",
        "https://a_b.example.org/x",
        "https://1.2.3.4.example.org.5/x",
        "https://" + "a." * 130 + "example.org/x",
        "https://hooks.example.com/" + "x" * 2048,
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    with pytest.raises(InvalidParameters) as refused:
        allowed_target(url, ALLOWED)
    assert refused.value.faults[0].parameter == "webhook.url"


def test_without_an_allowlist_nothing_is_allowed() -> None:
    with pytest.raises(InvalidParameters, match="allows no hosts"):
        allowed_target("https://hooks.example.com/x", ())


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "*",
        "*.com.",
        "127.0.0.1",
        "[::1]",
        "2130706433",
        "localhost",
        "https://hooks.example.com",
        "hooks.example.com/x",
        "hooks.example.com:",
        "hooks.example.com:0",
        "hooks.example.com:70000",
        "a.*.example.com",
        "user@hooks.example.com",
    ],
)
def test_an_allowlist_holds_names(entry: str) -> None:
    with pytest.raises(ValidationError, match="is not a host"):
        Webhooks(allowed_hosts=(entry,))


def test_the_url_at_an_address_keeps_port_and_path() -> None:
    target = Target("hooks.example.com", 8443, "/x?y")
    assert target.url_at("203.0.113.7") == "https://203.0.113.7:8443/x?y"
    assert target.url_at("2001:db8::1") == "https://[2001:db8::1]:8443/x?y"
    assert target.authority == "hooks.example.com:8443"
    assert Target("hooks.example.com", 443, "/").authority == "hooks.example.com"
