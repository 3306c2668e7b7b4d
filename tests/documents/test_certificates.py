"""The commands of docs/howto/certificates.md give a certificate that the service signs with, and
that a stranger with the authority's certificate trusts."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from engines.datasets.store.store import DatasetStore
from engines.provenance.claims import created
from engines.provenance.config import MarksConfig
from engines.provenance.identity import SigningIdentity, load_identity
from engines.provenance.log import MarkLog
from engines.provenance.sheet import SheetSigner
from engines.provenance.signing import C2paSigner
from engines.storage.folder.storage import FolderStorage
from tests.documents.fenced import ROOT, blocks
from tests.engines.provenance.conftest import some_png
from tests.sdk.cli.command_line import CommandLine
from tests.sdk.marks.marked import nobody

PAGE = ROOT / "docs" / "howto" / "certificates.md"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the page's commands were run."""
    if shutil.which("openssl") is None:
        pytest.skip("OpenSSL is not installed")
    folder = tmp_path_factory.mktemp("authority")
    for block in blocks(PAGE):
        if block.language == "bash" and block.excerpt is None:
            script = ["bash", "-euo", "pipefail", "-c", block.text]
            subprocess.run(script, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def identity(made: Path) -> SigningIdentity:
    config = MarksConfig(
        certificate_chain=str(made / "chain.pem"), private_key=str(made / "key.pem")
    )
    loaded = load_identity(config)
    assert loaded is not None
    return loaded


def test_an_image_signed_with_it_is_trusted(
    made: Path, identity: SigningIdentity, tmp_path: Path
) -> None:
    png, recipe = some_png(side=16)
    image = tmp_path / "fox.png"
    image.write_bytes(
        C2paSigner(identity).sign(png, "image/png", created(recipe, None, MarksConfig()))
    )
    line = CommandLine(nobody, environ={})
    command = ("verify", str(image), "--offline", "--require-trusted")
    assert line.run(*command, "--trust", str(made / "company_ca.pem")) == 0
    assert "signature: trusted" in line.out
    # Who does not know the authority sees that nothing was changed, and by nobody he knows.
    assert line.run(*command) == 3
    assert "not trusted" in line.err


def test_a_dataset_signed_with_it_is_trusted(
    made: Path, identity: SigningIdentity, tmp_path: Path
) -> None:
    storage = FolderStorage(tmp_path)
    storage.put_new("generated/d/a.png", some_png(side=16)[0])
    SheetSigner(DatasetStore(storage), identity, MarkLog(storage), {}).sign("d")
    line = CommandLine(nobody, environ={})
    command = ("verify", "--dataset", str(tmp_path / "generated" / "d"), "--require-trusted")
    assert line.run(*command, "--trust", str(made / "company_ca.pem")) == 0
    assert line.run(*command) == 3


def test_a_private_key_is_its_owners_alone(made: Path) -> None:
    for name in ("key.pem", "company_ca.key"):
        assert (made / name).stat().st_mode & 0o077 == 0
