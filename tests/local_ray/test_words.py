"""Reading what a process prints does not disturb it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from local_ray.words import words_in


def test_a_child_s_words_are_read_while_it_goes_on() -> None:
    says = "import sys; print('ä', flush=True); sys.stdin.readline(); print('b')"
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen([sys.executable, "-c", says], stdin=subprocess.PIPE, stdout=log) as child,
    ):
        while not words_in(log).endswith("\n"):
            assert child.poll() is None
        child.communicate(b"\n")
        assert words_in(log) == "ä\nb\n"


def test_the_place_where_the_child_writes_next_stays_where_it_is() -> None:
    with tempfile.TemporaryFile() as log:
        os.write(log.fileno(), b"abcdef")
        os.lseek(log.fileno(), 3, os.SEEK_SET)
        assert words_in(log) == "abcdef"
        assert os.lseek(log.fileno(), 0, os.SEEK_CUR) == 3


def test_half_a_letter_is_no_error() -> None:
    with tempfile.TemporaryFile() as log:
        os.write(log.fileno(), "ä".encode()[:1])
        assert words_in(log) == "\N{REPLACEMENT CHARACTER}"
