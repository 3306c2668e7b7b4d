"""Development certificates, for installations without a signing certificate of their own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from engines.errors import Conflict, InferloopError
from engines.provenance.identity import SigningIdentity, identity_of

if TYPE_CHECKING:
    from engines.protocols import Storage

logger = logging.getLogger(__name__)

ANCHORS_FOLDER = ".marks/development"
"""Folder in the data root for the certificates of all development authorities; each machine of a
cluster creates its own authority."""
Keep = Callable[[Callable[[], str]], tuple[str, bool]]
"""Returns the stored secret and whether it is new; if none is stored, the given function creates
it. May raise `OSError`."""
DEVELOPMENT_FILE = "marks_development.pem"
ORGANIZATION = "Inferloop development, untrusted"
_LIFE = timedelta(days=3650)
_CLOCKS_DIFFER = timedelta(days=1)


def new_bundle(now: datetime | None = None) -> str:
    """PEM text of a new private key, its certificate, and the certificate of a new authority that
    issued it. The authority's private key is not kept, so it cannot issue other certificates."""
    now = now or datetime.now(UTC)
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _authority(authority_key, now)
    leaf = _leaf(key, authority_key, authority, now)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    certificates = (c.public_bytes(serialization.Encoding.PEM) for c in (leaf, authority))
    return b"".join((secret, *certificates)).decode()


def kept_bundle(keep: Keep, where: object) -> str:
    """The stored bundle (see `new_bundle`), or a new one that is stored now.

    If no file can be written, as on a read-only file system, the bundle is for this process only.
    `where` says in a log message where the bundle is stored.
    """
    try:
        bundle, is_new = keep(new_bundle)
    except OSError as error:
        logger.warning(
            "The development key cannot be stored (%s); this process uses a new one", error
        )
        return new_bundle()
    logger.warning(
        "Images are marked with a development certificate that nobody else trusts (%s%s); "
        "set marks.certificate_chain and marks.private_key",
        where,
        ", created now" if is_new else "",
    )
    return bundle


def identity_in(bundle: str) -> tuple[SigningIdentity, x509.Certificate]:
    """The signing identity of a bundle, and the certificate of its authority.

    Raises:
        InvalidParameters: the key does not belong to the certificate.
        ValueError: the text is not a bundle of `new_bundle`.
    """
    leaf, authority = x509.load_pem_x509_certificates(bundle.encode())
    return identity_of((leaf,), bundle.encode(), "development key", development=True), authority


def publish(storage: Storage, authority: x509.Certificate) -> None:
    """Store the authority's certificate in the data root, so that POST /verify recognizes marks of
    development keys. An error is logged only, since images can be marked without it."""
    key = f"{ANCHORS_FOLDER}/{authority.fingerprint(hashes.SHA256()).hex()}.pem"
    try:
        with suppress(Conflict):
            storage.put_new(key, authority.public_bytes(serialization.Encoding.PEM))
    except InferloopError as error:
        logger.warning("The development certificate is not published: %s", error)


def published(storage: Storage) -> tuple[x509.Certificate, ...]:
    """The certificates of all development authorities of the data root."""
    found = [storage.read(stat.key) for stat in storage.list(ANCHORS_FOLDER)]
    return tuple(x509.load_pem_x509_certificate(pem) for pem in found)


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
        ]
    )


def _authority(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = _name("Development authority")
    usage = _usage(signs_certificates=True)
    return (
        _certificate(name, name, key, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )


def _leaf(
    key: ec.EllipticCurvePrivateKey,
    authority_key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    now: datetime,
) -> x509.Certificate:
    """A certificate according to C2PA's certificate profile (specification 2.2, 14.5.1)."""
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    return (
        _certificate(_name("Image signer"), authority.subject, key, now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
        .add_extension(issuer_key, critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_DIFFER)
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
