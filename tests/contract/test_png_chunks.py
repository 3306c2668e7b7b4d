"""Service and client read PNG files with code of their own, and see the same in them."""

from __future__ import annotations

import io
import struct
import zlib

from hypothesis import given
from hypothesis import strategies as st

from engines.images.formats import png as service
from engines.images.png_text import read_png_text
from inferloop_synthdata.marks import png as client

KINDS = st.sampled_from([b"IDAT", b"tEXt", b"iTXt", b"caBX", b"eXIf"])
ITXT = st.tuples(
    st.sampled_from([b"k", b"", b"inferloop.recipe", b"caf\xe9"]),
    st.sampled_from([b"\0\0", b"\1\0", b"\0\1"]),
    st.sampled_from([b"\0", b"en\0"]),
    st.sampled_from([b"\0", b"title\0"]),
    st.text(max_size=8).map(str.encode),
).map(lambda parts: parts[0] + b"\0" + b"".join(parts[1:]))


def chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


@st.composite
def chunks(draw: st.DrawFn) -> bytes:
    kind = draw(KINDS)
    return chunk(kind, draw(ITXT if kind == b"iTXt" else st.binary(max_size=12)))


@given(st.lists(chunks(), max_size=5), st.binary(max_size=3), st.integers(0, 200))
def test_both_find_the_same_chunks_wherever_the_file_is_cut(
    inside: list[bytes], behind: bytes, length: int
) -> None:
    whole = service.MAGIC + b"".join(inside) + chunk(b"IEND", b"") + behind
    for content in (whole, whole[:length]):
        ours = service.chunks(io.BytesIO(content)) if content.startswith(service.MAGIC) else ()
        complete = [
            (each.kind, content[each.start : each.start + each.length])
            for each in ours
            if each.end <= len(content)
        ]
        assert complete == [(each.kind, bytes(each.data)) for each in client.chunks(content)]


@given(st.lists(ITXT, max_size=4))
def test_both_read_the_same_text(bodies: list[bytes]) -> None:
    texts = b"".join(chunk(b"iTXt", body) for body in bodies)
    content = service.MAGIC + texts + chunk(b"IDAT", b"x") + chunk(b"IEND", b"")
    assert read_png_text(io.BytesIO(content)) == client.text(content)


def test_both_know_a_png_by_the_same_bytes() -> None:
    assert service.MAGIC == client.MAGIC
