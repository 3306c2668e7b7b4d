"""The tokenizer of the first words, trained once per session."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

PutTokenizer = Callable[[Path], Path]
"""Puts the tokenizer's files into a folder, which it returns."""


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a trained tokenizer, which no test changes."""
    from training.first.networks import build_tokenizer

    folder = tmp_path_factory.mktemp("tokenizer")
    build_tokenizer(folder)
    return folder


@pytest.fixture
def put_tokenizer(trained: Path) -> PutTokenizer:
    """Training it takes half a second of processor time; a test that needs it gets a copy."""

    def put(folder: Path) -> Path:
        return shutil.copytree(trained, folder, dirs_exist_ok=True)

    return put
