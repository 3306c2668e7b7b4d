"""One attempt, against a real https server on loopback."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from serve_app.webhooks.addresses import is_public
from serve_app.webhooks.sending import NotSent, Sender
from tests.serve_app.webhooks.receiver import HOST, Receiver, receiving
from tests.waiting import PATIENCE_S

HEADERS = {"webhook-id": "msg_1"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


async def test_a_post_under_the_hosts_own_name(receiver: Receiver) -> None:
    assert await receiver.sender().post(receiver.target("/a?b=c"), HEADERS, b"body") == 204
    (heard,) = receiver.heard
    assert (heard.path, heard.body) == ("/a?b=c", b"body")
    assert heard.headers["host"] == f"{HOST}:{receiver.port}"
    assert heard.headers["webhook-id"] == "msg_1"


@pytest.mark.parametrize("status", [200, 301, 302, 307, 400, 404, 410, 429, 500, 503])
async def test_the_status_is_told_and_no_redirect_followed(receiver: Receiver, status: int) -> None:
    receiver.statuses = [status]
    assert await receiver.sender().post(receiver.target(), HEADERS, b"") == status
    assert [heard.path for heard in receiver.heard] == ["/hook"]


async def test_a_long_answer_is_not_read(receiver: Receiver) -> None:
    receiver.answer_bytes = 50_000_000
    assert await receiver.sender().post(receiver.target(), HEADERS, b"") == 204


async def test_a_receiver_that_does_not_answer_is_left(receiver: Receiver) -> None:
    receiver.answering.clear()
    with pytest.raises(NotSent, match=r"no answer within 0.3 s"):
        await receiver.sender(timeout_s=0.3).post(receiver.target(), HEADERS, b"")


@pytest.mark.parametrize(
    "addresses",
    [
        ["10.0.0.1"],
        ["127.0.0.1", "10.0.0.1"],
        ["10.0.0.1", "127.0.0.1"],
        ["127.0.0.1", "::1"],
        ["127.0.0.1", "::ffff:127.0.0.1"],
        ["169.254.169.254"],
        ["not an address"],
    ],
)
async def test_a_name_that_leads_inside_is_trusted_with_no_address(
    receiver: Receiver, addresses: Sequence[str]
) -> None:
    with pytest.raises(NotSent, match="public internet") as refused:
        await receiver.sender(addresses).post(receiver.target(), HEADERS, b"")
    assert receiver.heard == []
    assert not any(address in str(refused.value) for address in addresses)


async def test_loopback_is_inside(receiver: Receiver) -> None:
    sender = receiver.sender()
    strict = Sender(PATIENCE_S, sender.resolve, is_public, sender.tls)
    with pytest.raises(NotSent, match="public internet"):
        await strict.post(receiver.target(), HEADERS, b"")


async def test_the_name_is_resolved_once(receiver: Receiver) -> None:
    """A name that leads elsewhere when it is asked again (DNS rebinding) gains nothing."""
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    sender = receiver.sender()
    sender = Sender(PATIENCE_S, rebinding, sender.is_allowed, sender.tls)
    assert await sender.post(receiver.target(), HEADERS, b"") == 204
    assert asked == [HOST]


async def test_a_name_without_an_address_is_not_sent_to(receiver: Receiver) -> None:
    async def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    sender = receiver.sender()
    with pytest.raises(NotSent, match="cannot be resolved"):
        await Sender(PATIENCE_S, unknown, sender.is_allowed, sender.tls).post(
            receiver.target(), HEADERS, b""
        )
    with pytest.raises(NotSent, match="no address"):
        await receiver.sender([]).post(receiver.target(), HEADERS, b"")


async def test_a_certificate_for_another_name_is_refused() -> None:
    with receiving(certified="other.example.com") as receiver:
        with pytest.raises(NotSent, match="certificate"):
            await receiver.sender().post(receiver.target(), HEADERS, b"")
        assert receiver.heard == []


async def test_a_certificate_of_a_strange_authority_is_refused(receiver: Receiver) -> None:
    sender = receiver.sender()
    with pytest.raises(NotSent, match="certificate"):
        await Sender(PATIENCE_S, sender.resolve, sender.is_allowed).post(
            receiver.target(), HEADERS, b""
        )
    assert receiver.heard == []


async def test_a_closed_port_is_no_connection(receiver: Receiver) -> None:
    target = receiver.target()
    with receiving() as gone:
        target = gone.target()
    with pytest.raises(NotSent, match="no connection"):
        await receiver.sender().post(target, HEADERS, b"")
