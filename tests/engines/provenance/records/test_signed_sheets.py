"""Signed sheets of datasets, on a folder and in a bucket: what was added, lost, changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from engines.datasets.store.recorder import ImageRecorder
from engines.datasets.store.store import DatasetStore
from engines.errors import MarkingFailed, NotFound
from engines.protocols import Storage
from engines.provenance.chains import check
from engines.provenance.development import identity_in, new_bundle
from engines.provenance.identity import SigningIdentity, identity_of
from engines.provenance.log import MarkLog
from engines.provenance.sheet import SHEET_NAME, SheetSigner, jws
from engines.types import GeneratedImage, GenerationRequest
from inferloop_synthdata.marks.reading import Anchors
from inferloop_synthdata.marks.sheets import Difference, Sheet, check_folder, compare, read_sheet
from inferloop_synthdata.marks.trust import read_jws
from tests.engines.provenance.test_signing_keys import KEYS, certificate, key_pem

FOLDER = "generated/nature"
SHEET = f"{FOLDER}/{SHEET_NAME}"
IDENTITY, AUTHORITY = identity_in(new_bundle())
MakeRequest = Callable[..., GenerationRequest]
MakeImage = Callable[[int], GeneratedImage]

ON_FOLDER = pytest.mark.parametrize("storage", ["folder"], indirect=True)
"""For what a reader makes of a sheet's bytes, wherever they came from."""


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


TRUSTED = Anchors(trusted=pem(AUTHORITY))


@pytest.fixture
def signed(storage: Storage, make_request: MakeRequest, make_image: MakeImage) -> SheetSigner:
    store = DatasetStore(storage)
    recorder = ImageRecorder(store, {})
    for number in range(3):
        recorder.record(make_request(f"image_{number}"), make_image(number))
    signer = SheetSigner(store, IDENTITY, MarkLog(storage), {"torch": "2"})
    signer.sign("nature")
    return signer


def held(storage: Storage, anchors: Anchors = TRUSTED) -> tuple[Sheet, Difference]:
    """The dataset against its sheet, as the service does it."""
    sheet = read_sheet(storage.read(SHEET).splitlines(keepends=True), anchors)
    digests = {
        stat.key[len(FOLDER) + 1 :]: stat.key
        for stat in storage.list(FOLDER)
        if "/." not in stat.key and stat.key != SHEET
    }
    return sheet, compare(
        sheet, digests, lambda path: hashlib.sha256(storage.read(digests[path])).hexdigest()
    )


def test_a_dataset_that_nobody_touched_is_as_it_was_signed(
    storage: Storage, signed: SheetSigner
) -> None:
    sheet, found = held(storage)
    assert (sheet.signature, sheet.dataset, sheet.problems) == ("trusted", "nature", ())
    assert found.is_none
    assert len(sheet.files) == 6  # three images, three recipes
    assert sheet.summary["image_count"] == 3
    assert sheet.summary["versions"] == {"torch": "2"}
    models = sheet.summary["models"]
    assert isinstance(models, dict)
    assert list(models.values()) == [3]


def test_what_was_added_lost_and_changed_is_named(storage: Storage, signed: SheetSigner) -> None:
    storage.put_new(f"{FOLDER}/sub/new.png", b"new")
    storage.delete(f"{FOLDER}/image_0.png")
    content = bytearray(storage.read(f"{FOLDER}/image_1.png"))
    content[len(content) // 2] ^= 1
    storage.replace(f"{FOLDER}/image_1.png", bytes(content))
    _, found = held(storage)
    assert found == Difference(["sub/new.png"], ["image_0.png"], ["image_1.png"])


def test_signing_again_takes_what_is_there_now(storage: Storage, signed: SheetSigner) -> None:
    storage.delete(f"{FOLDER}/image_0.png")
    again = signed.sign("nature")
    sheet, found = held(storage)
    assert found.is_none
    assert again.summary["image_count"] == 2
    assert (sheet.signature, again.file_count) == ("trusted", 5)


def test_signing_is_in_the_log_of_marks(storage: Storage, signed: SheetSigner) -> None:
    (key,) = (stat.key for stat in storage.list(".marks/log"))
    assert json.loads(storage.read(key))["event"] == "sheet"
    assert check(storage).is_intact


FORGERIES: dict[str, Callable[[bytes], bytes]] = {
    "a digest": lambda text: text.replace(b'"sha256":"', b'"sha256":"f', 1),
    "a path": lambda text: text.replace(b"image_1.png", b"image_9.png", 1),
    "a line less": lambda text: b"".join(
        line for at, line in enumerate(text.splitlines(keepends=True)) if at != 2
    ),
    "a count": lambda text: text.replace(b'"image_count":3', b'"image_count":9'),
    "a line behind the signature": lambda text: text + b'{"path":"x.png","sha256":"0"}\n',
    "another signature": lambda text: text.replace(b'{"jws":"', b'{"jws":"e'),
    "no signature": lambda text: text[: text.index(b'{"jws"')],
    "an empty signature": lambda text: text[: text.index(b'{"jws"')] + b'{"jws":""}\n',
    "a signature that is no text": lambda text: text[: text.index(b'{"jws"')] + b'{"jws":7}\n',
    "no JSON": lambda text: text.replace(b'{"path"', b"{path", 1),
}


@ON_FOLDER
@pytest.mark.parametrize("what", FORGERIES)
def test_a_forged_sheet_is_not_believed(what: str, storage: Storage, signed: SheetSigner) -> None:
    storage.replace(SHEET, FORGERIES[what](storage.read(SHEET)))
    sheet, _ = held(storage)
    assert sheet.signature == "invalid"
    assert sheet.problems


@ON_FOLDER
def test_a_signature_of_another_sheet_is_not_believed(
    storage: Storage, signed: SheetSigner
) -> None:
    first = storage.read(SHEET)
    storage.put_new(f"{FOLDER}/more.txt", b"more")
    signed.sign("nature")
    second = storage.read(SHEET)
    body, tail = second[: second.index(b'{"jws"')], first[first.index(b'{"jws"') :]
    storage.replace(SHEET, body + tail)
    assert held(storage)[0].signature == "invalid"


@ON_FOLDER
@pytest.mark.parametrize(
    ("anchors", "signature"),
    [
        (Anchors(), "unknown"),
        (Anchors(development=pem(AUTHORITY)), "development"),
        (Anchors(trusted=pem(identity_in(new_bundle())[1])), "unknown"),
        (Anchors(trusted=pem(IDENTITY.chain[0])), "trusted"),
    ],
)
def test_whom_to_believe_is_the_readers_choice(
    anchors: Anchors, signature: str, storage: Storage, signed: SheetSigner
) -> None:
    assert held(storage, anchors)[0].signature == signature


@ON_FOLDER
def test_a_signer_who_is_no_authority_cannot_make_others_trusted(
    storage: Storage, signed: SheetSigner
) -> None:
    impostor, _ = identity_in(new_bundle())
    chained = SigningIdentity((*impostor.chain, *IDENTITY.chain), "ES256", impostor.sign)
    SheetSigner(DatasetStore(storage), chained, MarkLog(storage), {}).sign("nature")
    assert held(storage)[0].signature == "unknown"


def test_no_dataset_no_sheet(storage: Storage, signed: SheetSigner) -> None:
    with pytest.raises(NotFound, match="nothing_here"):
        signed.sign("nothing_here")
    assert not list(storage.list("generated/nothing_here"))


def test_a_key_that_fails_leaves_the_old_sheet(storage: Storage, signed: SheetSigner) -> None:
    def away(content: bytes) -> bytes:
        raise MarkingFailed("the key service is away")

    before = storage.read(SHEET)
    broken = SigningIdentity(IDENTITY.chain, "ES256", away)
    with pytest.raises(MarkingFailed):
        SheetSigner(DatasetStore(storage), broken, MarkLog(storage), {}).sign("nature")
    assert storage.read(SHEET) == before


def test_a_sheet_is_no_part_of_its_dataset(storage: Storage, signed: SheetSigner) -> None:
    store = DatasetStore(storage)
    assert store.summary("nature").image_count == 3
    with store.snapshot(FOLDER) as snapshot:
        assert list(snapshot.strangers()) == []


def test_a_folder_that_left_the_house_is_checked_by_itself(
    storage: Storage, signed: SheetSigner, tmp_path: Path
) -> None:
    away = tmp_path / "away"
    for stat in storage.list(FOLDER):
        target = away / stat.key[len(FOLDER) + 1 :]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(storage.read(stat.key))
    sheet, found = check_folder(away, TRUSTED)
    assert (sheet.signature, found.is_none) == ("trusted", True)
    (away / "image_2.png").write_bytes(b"other")
    (away / "image_0.png").unlink()
    (away / "image_0.png").symlink_to("image_1.png")
    (away / "more.txt").write_text("more")
    _, found = check_folder(away, TRUSTED)
    assert found == Difference(["more.txt"], ["image_0.png"], ["image_2.png"])


def test_what_is_no_sheet_is_refused() -> None:
    for lines in ([], [b"[]\n"], [b"hello"], [b'{"schema":"other"}\n']):
        with pytest.raises(ValueError, match="not a data sheet"):
            read_sheet(lines, TRUSTED)


@ON_FOLDER
def test_signed_at_is_the_time_of_signing(storage: Storage, signed: SheetSigner) -> None:
    signed_at = datetime.fromisoformat(held(storage)[0].signed_at)
    assert abs((datetime.now(UTC) - signed_at).total_seconds()) < 600


def test_keys_of_every_kind_sign_sheets() -> None:
    for algorithm, make in KEYS.items():
        key = make()
        chain = tuple(x509.load_pem_x509_certificates(certificate(key)))
        identity = identity_of(chain, key_pem(key), "key")
        anchors = Anchors(trusted=pem(chain[1]))
        signature, payload, signer = read_jws(jws(identity, {"dataset": "d"}), anchors)
        assert (signature, payload) == ("trusted", {"dataset": "d"}), algorithm
        assert "Example Images Ltd" in signer
