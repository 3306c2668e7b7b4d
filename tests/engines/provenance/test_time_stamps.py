"""Marks with a time stamp: given by an authority, shown by verify; and an authority that fails."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engines.errors import MarkingFailed, NotFound
from engines.protocols import Storage
from engines.provenance.config import MarksConfig
from engines.provenance.identity import SigningIdentity
from engines.provenance.log import LOG_FOLDER, MarkLog
from engines.provenance.marks import Marks
from engines.provenance.signing import C2paSigner
from inferloop_synthdata.marks.reading import Anchors, read_mark
from tests.engines.provenance.conftest import some_png
from tests.engines.provenance.time_stamps import Authority, serving

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
KEY = "generated/nature/image_1.png"


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[Authority]:
    with serving(tmp_path / "authority") as found:
        yield found


def stamping(url: str, identity: SigningIdentity, log: MarkLog) -> Marks:
    return Marks(C2paSigner(identity, url), identity, log, MarksConfig(time_stamp_url=url))


def test_a_mark_has_the_stamp_of_the_authority(
    authority: Authority, identity: SigningIdentity, log: MarkLog
) -> None:
    png, recipe = some_png()
    marked = stamping(authority.url, identity, log).created(KEY, png, recipe)
    assert len(authority.asked) == 1
    found = read_mark(marked)
    signer = found["signer"]
    assert isinstance(signer, dict)
    moment = datetime.fromisoformat(str(signer["time"]))
    assert abs(datetime.now(UTC) - moment) < timedelta(minutes=5)
    assert signer["time_stamp"] == "untrusted"
    assert (found["mark"], found["changed"]) == ("present", False)


def test_a_stamp_is_trusted_where_its_issuer_is(
    authority: Authority, identity: SigningIdentity, log: MarkLog
) -> None:
    png, recipe = some_png()
    marked = stamping(authority.url, identity, log).created(KEY, png, recipe)
    issuer = (authority.folder / "issuer.pem").read_text(encoding="ascii")
    signer = read_mark(marked, Anchors(trusted=issuer))["signer"]
    assert isinstance(signer, dict)
    assert signer["time_stamp"] == "trusted"


def test_a_mark_without_a_stamp_says_no_time(marks: Marks) -> None:
    png, recipe = some_png()
    signer = read_mark(marks.created(KEY, png, recipe))["signer"]
    assert isinstance(signer, dict)
    assert not {"time", "time_stamp"} & signer.keys()


def test_marks_made_at_once_each_have_a_stamp_of_their_own(
    authority: Authority, identity: SigningIdentity, log: MarkLog
) -> None:
    marks = stamping(authority.url, identity, log)
    png, recipe = some_png()
    with ThreadPoolExecutor(4) as pool:
        marked = list(pool.map(lambda n: marks.created(f"{KEY}{n}", png, recipe), range(4)))
    assert len(set(authority.asked)) == 4
    assert [read_mark(each)["changed"] for each in marked] == [False] * 4


def nobody_there() -> str:
    """An address of loopback that refuses."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{held.getsockname()[1]}/secret-path"


def lines_of(storage: Storage) -> int:
    try:
        return sum(storage.read(stat.key).count(b"\n") for stat in storage.list(LOG_FOLDER))
    except NotFound:
        return 0


def test_an_authority_that_is_away_fails_the_image_and_is_said(
    storage: Storage, identity: SigningIdentity, log: MarkLog
) -> None:
    png, recipe = some_png()
    with pytest.raises(MarkingFailed, match="time-stamp authority gives no stamp") as failed:
        stamping(nobody_there(), identity, log).created(KEY, png, recipe)
    assert failed.value.retryable
    assert "secret-path" not in failed.value.message
    assert lines_of(storage) == 0


def test_an_authority_that_refuses_fails_the_image_and_the_next_try_succeeds(
    storage: Storage, authority: Authority, identity: SigningIdentity, log: MarkLog
) -> None:
    marks = stamping(authority.url, identity, log)
    png, recipe = some_png()
    authority.status = 503
    with pytest.raises(MarkingFailed, match="time-stamp authority"):
        marks.created(KEY, png, recipe)
    authority.status = 200
    assert read_mark(marks.created(KEY, png, recipe))["changed"] is False
    assert lines_of(storage) == 1
