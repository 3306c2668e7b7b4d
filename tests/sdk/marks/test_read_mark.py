"""Reading marks without the service: what is believed, and that no changed bit passes."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
from c2pa import Builder, C2paSignerInfo, C2paSigningAlg, Context, Settings, Signer
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from PIL import Image

from engines.datasets.store.copies import Edit
from engines.provenance.claims import created, edited
from engines.provenance.config import MarksConfig
from engines.provenance.development import identity_in, new_bundle
from engines.provenance.signing import C2paSigner
from inferloop_synthdata.marks.reading import Anchors, read_mark
from tests.engines.provenance.conftest import encoded, some_pixels, some_png, some_recipe

BUNDLE = new_bundle()
IDENTITY, AUTHORITY = identity_in(BUNDLE)
SIGNER = C2paSigner(IDENTITY)
SEGMENT = "20260101T000000-0123456789ab-000000"


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def marked(kind: str = "PNG", side: int = 16) -> bytes:
    pixels = some_pixels(side=side)
    content = some_png(side=side)[0] if kind == "PNG" else encoded(pixels, kind)
    definition = created(some_recipe(pixels), SEGMENT, MarksConfig())
    return SIGNER.sign(content, f"image/{kind.lower()}", definition)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize(
    ("anchors", "signature"),
    [
        (Anchors(trusted=pem(AUTHORITY)), "trusted"),
        (Anchors(development=pem(AUTHORITY)), "development"),
        (Anchors(trusted=pem(identity_in(new_bundle())[1])), "unknown"),
        (Anchors(), "unknown"),
    ],
)
def test_who_is_believed_is_the_readers_choice(kind: str, anchors: Anchors, signature: str) -> None:
    found = read_mark(marked(kind), anchors)
    assert (found["mark"], found["signature"]) == ("present", signature)
    assert found["changed"] is False
    assert found["made_by_ai"] is True
    assert found["problems"] == []


def test_the_recipe_is_read_and_held_against_the_mark() -> None:
    found = read_mark(marked())
    assert found["recipe_matches"] is True
    recipe = found["recipe"]
    assert isinstance(recipe, dict)
    assert recipe["prompt"] == "Ms Rosa Example in front of her house"
    claims = found["claims"]
    assert isinstance(claims, dict)
    assert claims["log"] == SEGMENT


def test_no_flipped_bit_of_a_png_passes() -> None:
    content = marked()
    anchors = Anchors(trusted=pem(AUTHORITY))
    mark = content.index(b"caBX")
    everywhere = range(8, len(content), 61)  # behind the eight bytes that make it a PNG
    in_the_mark = range(mark - 4, mark + 8)
    for at in {*everywhere, *in_the_mark, len(content) - 1}:
        bent = bytearray(content)
        bent[at] ^= 1 << at % 8
        found = read_mark(bytes(bent), anchors)
        assert found["changed"] is True, f"byte {at}: {found}"


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_no_flipped_bit_of_the_picture_passes(kind: str) -> None:
    content = marked(kind)
    start = content.rindex(b"\xff\xda") if kind == "JPEG" else content.index(b"VP8") + 20
    end = len(content) if kind == "JPEG" else content.index(b"C2PA")
    for at in range(start, end, max(1, (end - start) // 20)):
        bent = bytearray(content)
        bent[at] ^= 1
        assert read_mark(bytes(bent))["changed"] is True


def test_bytes_behind_the_end_are_a_change() -> None:
    assert read_mark(marked() + b"more")["changed"] is True
    assert read_mark(marked("JPEG") + b"more")["changed"] is True


def test_a_picture_that_was_saved_again_has_no_mark() -> None:
    file = io.BytesIO()
    Image.open(io.BytesIO(marked())).save(file, "PNG")
    found = read_mark(file.getvalue())
    assert (found["mark"], found["signature"], found["changed"]) == ("absent", None, None)


def test_a_mark_that_was_cut_out_is_told_where_the_recipe_is_still_there() -> None:
    found = read_mark(some_png()[0])
    assert (found["mark"], found["changed"]) == ("absent", True)
    assert "but no mark" in str(found["problems"])


def test_a_mark_on_another_picture_is_a_change() -> None:
    content, other = marked(), encoded(np.zeros((16, 16, 3), np.uint8), "PNG")
    at = content.index(b"caBX") - 4
    end = at + 12 + int.from_bytes(content[at : at + 4], "big")
    moved = other[:33] + content[at:end] + other[33:]
    found = read_mark(moved, Anchors(trusted=pem(AUTHORITY)))
    assert (found["mark"], found["changed"]) == ("present", True)


def test_an_edit_says_what_it_was_made_of() -> None:
    edit = Edit("anonymize", "cd" * 32, "image/jpeg", parent_is_synthetic=False)
    png = encoded(some_pixels(side=16), "PNG")
    definition = edited(edit, "a_1.png", SEGMENT, MarksConfig())
    found = read_mark(SIGNER.sign(png, "image/png", definition))
    claims = found["claims"]
    assert isinstance(claims, dict)
    assert claims["parent_sha256"] == "cd" * 32
    assert (found["made_by_ai"], found["recipe"], found["recipe_matches"]) == (False, None, None)


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n" + b"\xff" * 100,
        b"\xff\xd8\xff\xe0" + bytes(50),
        b"RIFF\x04\0\0\0WEBP",
        marked()[:900],
        marked("JPEG")[:900],
    ],
)
def test_a_broken_file_is_answered_and_never_believed(content: bytes) -> None:
    found = read_mark(content, Anchors(trusted=pem(AUTHORITY)))
    assert found["signature"] in (None, "invalid", "unknown") or found["changed"] is True


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"<html>", b"\x89PNX\r\n\x1a\n"])
def test_what_carries_no_marks_here_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="PNG"):
        read_mark(content)


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """A web server that remembers who asked it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/mark.c2pa", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_file_cannot_make_its_reader_ask_a_server(listener: tuple[str, list[str]]) -> None:
    address, asked = listener
    info = C2paSignerInfo(C2paSigningAlg.ES256, IDENTITY.chain_pem, IDENTITY.private_key_pem, None)
    settings = {"version": 1, "builder": {"thumbnail": {"enabled": False}}}
    context = Context(Settings.from_dict(settings), Signer.from_info(info))
    builder = Builder(created(some_recipe(some_pixels()), None, MarksConfig()), context)
    builder.set_no_embed()
    builder.set_remote_url(address)
    far = io.BytesIO()
    builder.sign("image/png", io.BytesIO(encoded(some_pixels(), "PNG")), far)
    assert address.encode() in far.getvalue()
    assert read_mark(far.getvalue())["mark"] != "present"
    assert asked == []
