"""Signed data sheets: the content of a dataset at one moment, with the digest of every file.

    generated/<dataset>/inferloop.sheet.jsonl

    {"schema": "inferloop.sheet/1", "dataset": ..., "signed_at": ...}
    {"path": ..., "size_bytes": ..., "sha256": ...}          a line for each file, ordered by path
    {"summary": {...}}                                       counts, models, versions, digest
    {"jws": ...}                                             signature over all lines above

The signature is a JWS (RFC 7515) with the certificates in `x5c`; its payload contains the SHA-256
of the lines above. `inferloop_synthdata.marks.sheets` reads sheets.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, BinaryIO

import orjson
from cryptography.hazmat.primitives import serialization

from engines.datasets.store.layout import dataset_key
from engines.errors import NotFound
from engines.protocols import StopCheck, never_stopped
from engines.provenance.chains import heads
from engines.provenance.log import MarkEntry, MarkLog
from engines.types import SignedSheet
from engines.types.image_formats import is_hidden

if TYPE_CHECKING:
    from engines.datasets.store.store import DatasetStore
    from engines.errors import JsonValue
    from engines.protocols import Storage
    from engines.provenance.identity import SigningIdentity

SHEET_SCHEMA = "inferloop.sheet/1"
SHEET_NAME = "inferloop.sheet.jsonl"
JWS_TYPE = "inferloop-sheet+jws"
_CHUNK_BYTES = 2**20


class SheetSigner:
    """Signs the datasets of one space. Blocks; threads may share it."""

    def __init__(
        self,
        store: DatasetStore,
        identity: SigningIdentity,
        log: MarkLog,
        versions: Mapping[str, str],
    ) -> None:
        self._store = store
        self._identity = identity
        self._log = log
        self._versions = dict(versions)

    def sign(self, name: str, stop: StopCheck = never_stopped) -> SignedSheet:
        """Read every file of the dataset, and write its sheet in place of an older one.

        Files that are written meanwhile may or may not be included.

        Raises:
            NotFound: there is no such dataset.
            MarkingFailed, StorageFailed, InsufficientStorage: an older sheet is not changed.
        """
        folder = dataset_key(name)
        key, now = f"{folder}/{SHEET_NAME}", self._store.clock().isoformat()
        made = self._summary(name, folder, stop)  # `NotFound` before anything is written
        with self._store.storage.create(key) as file:
            lines = _HashedLines(file)
            lines.add({"schema": SHEET_SCHEMA, "dataset": name, "signed_at": now})
            digest, count, size = hashlib.sha256(), 0, 0
            for path, size_bytes, sha256 in _files(self._store.storage, folder, stop):
                lines.add({"path": path, "size_bytes": size_bytes, "sha256": sha256})
                digest.update(f"{sha256}  {path}\n".encode())
                count, size = count + 1, size + size_bytes
            summary = {
                "file_count": count,
                "size_bytes": size,
                "digest": digest.hexdigest(),
                **made,
            }
            lines.add({"summary": summary})
            payload = {"dataset": name, "signed_at": now, "sheet_sha256": lines.sha256}
            lines.add({"jws": jws(self._identity, payload)})
            self._log.append(MarkEntry("sheet", key, lines.sha256, self._identity.fingerprint))
        is_development = self._identity.is_development
        return SignedSheet(key, count, size, digest.hexdigest(), summary, is_development)

    def _summary(self, name: str, folder: str, stop: StopCheck) -> dict[str, JsonValue]:
        models: Counter[str] = Counter()
        verdicts: Counter[str] = Counter()
        validators: set[str] = set()
        images = 0
        try:
            with self._store.snapshot(folder, stop) as snapshot:
                for record in snapshot.records():
                    stop()
                    images += 1
                    if record.recipe is not None:
                        models[f"{record.recipe.served_model}@{record.recipe.revision}"] += 1
                    for verdict in filter(None, (record.quality, record.privacy)):
                        word = "passed" if verdict.passed else "failed"
                        verdicts[f"{verdict.kind}_{word}"] += 1
                        validators.add(verdict.validator_version)
        except NotFound as error:
            raise NotFound("dataset", name) from error
        return {
            "image_count": images,
            "models": dict(sorted(models.items())),
            "verdicts": dict(sorted(verdicts.items())),
            "validators": [*sorted(validators)],
            "versions": dict(self._versions),
            "log_of_marks": heads(self._store.storage, stop),
        }


def jws(identity: SigningIdentity, payload: Mapping[str, JsonValue]) -> str:
    """A compact JWS (RFC 7515, 7.1) with the certificates in its header.

    Not made with a JWS library, because these need the private key, which a KMS does not give out.
    """
    certificates = (c.public_bytes(serialization.Encoding.DER) for c in identity.chain)
    x5c = [base64.b64encode(each).decode() for each in certificates]
    header = {"alg": identity.algorithm, "typ": JWS_TYPE, "x5c": x5c}
    signed = f"{_encoded(orjson.dumps(header))}.{_encoded(orjson.dumps(payload))}"
    return f"{signed}.{_encoded(identity.sign(signed.encode()))}"


class _HashedLines:
    """Writes lines of JSON to a file, and computes the digest of what was written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def add(self, line: Mapping[str, object]) -> None:
        content = orjson.dumps(line) + b"\n"
        self._file.write(content)
        self._digest.update(content)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def _files(storage: Storage, folder: str, stop: StopCheck) -> Iterator[tuple[str, int, str]]:
    """Path below the folder, size in bytes and SHA-256 of every file, without hidden files, the
    sheet itself and files that are deleted meanwhile."""
    for stat in storage.list(folder):
        stop()
        path = stat.key[len(folder) + 1 :]
        if is_hidden(path) or path == SHEET_NAME:
            continue
        try:
            size, sha256 = _digest_of(storage, stat.key, stop)
        except NotFound:
            continue
        yield path, size, sha256


def _digest_of(storage: Storage, key: str, stop: StopCheck) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with storage.open(key) as file:
        while chunk := file.read(_CHUNK_BYTES):
            stop()
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
