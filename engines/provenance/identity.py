"""Signing identities: certificates, with a private key or a function that signs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal, assert_never

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from engines.errors import InvalidParameters
from engines.provenance.suitable import unsuitable

if TYPE_CHECKING:
    from engines.provenance.config import MarksConfig

Algorithm = Literal["ES256", "ES384", "ES512", "PS256", "EdDSA"]
"""JOSE names of signature algorithms (RFC 7518, RFC 8037); COSE and C2PA use the same ones."""
Sign = Callable[[bytes], bytes]
"""Takes the bytes to sign and returns the signature."""

_CURVES: dict[str, Algorithm] = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_HASHES: dict[Algorithm, hashes.HashAlgorithm] = {
    "ES256": hashes.SHA256(),
    "ES384": hashes.SHA384(),
    "ES512": hashes.SHA512(),
}
_DER_SEQUENCE = 0x30


@dataclass(frozen=True, slots=True)
class SigningIdentity:
    """A certificate chain and the means to sign with it."""

    chain: tuple[x509.Certificate, ...]
    """The signing certificate, followed by its issuers' certificates."""
    algorithm: Algorithm
    sign: Sign = field(repr=False)
    """Returns raw signatures; for ECDSA, r and s concatenated (RFC 7518, 3.4)."""
    private_key_pem: bytes | None = field(default=None, repr=False)
    """None if a key management service (KMS) has the key."""
    is_development: bool = False
    """Whether this is a development certificate, whose issuer nobody else trusts."""

    @property
    def chain_pem(self) -> bytes:
        """The certificates as PEM, the signing certificate first."""
        return b"".join(c.public_bytes(serialization.Encoding.PEM) for c in self.chain)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the signing certificate, hex."""
        return self.chain[0].fingerprint(hashes.SHA256()).hex()


def load_identity(config: MarksConfig, now: datetime | None = None) -> SigningIdentity | None:
    """The identity that the config names; None if it names none.

    Raises:
        InvalidParameters: a file is missing or not PEM, the certificate is not valid at `now` or
            may not sign marks, the key does not belong to it, or the function cannot be imported.
    """
    if config.certificate_chain is None:
        return None
    chain = _certificates(config.certificate_chain, "marks.certificate_chain")
    check_valid(chain[0], now or datetime.now(UTC), "marks.certificate_chain")
    fault = unsuitable(chain[0])
    if fault is not None:
        raise _wrong("marks.certificate_chain", fault)
    if config.kms is not None:
        algorithm = algorithm_of(chain[0])
        return SigningIdentity(chain, algorithm, _raw(_function(config.kms), algorithm))
    assert config.private_key is not None  # the config has one of the two
    pem = _file(config.private_key, "marks.private_key")
    return identity_of(chain, pem, "marks.private_key")


def identity_of(
    chain: tuple[x509.Certificate, ...], key_pem: bytes, parameter: str, development: bool = False
) -> SigningIdentity:
    """An identity with a local private key.

    Raises `InvalidParameters`, which names `parameter`, if the key is unreadable or does not belong
    to the first certificate.
    """
    try:
        key = serialization.load_pem_private_key(key_pem, password=None)
    except (ValueError, TypeError) as error:
        raise _wrong(parameter, "a PEM private key without passphrase") from error
    if key.public_key() != chain[0].public_key():
        raise _wrong(parameter, "the private key of the first certificate")
    algorithm = algorithm_of(chain[0])
    plain = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return SigningIdentity(chain, algorithm, _raw(_signer(key), algorithm), plain, development)


def trust_anchors(config: MarksConfig) -> tuple[x509.Certificate, ...]:
    """The certificates of `trust_anchors`, and the issuers in `certificate_chain` (the signing
    certificate itself if the file has no issuers).

    Raises:
        InvalidParameters: a file is missing or has no certificate.
    """
    anchors = [c for path in config.trust_anchors for c in _certificates(path, _ANCHORS)]
    if config.certificate_chain is not None:
        chain = _certificates(config.certificate_chain, "marks.certificate_chain")
        anchors += chain[1:] or chain
    return tuple(anchors)


_ANCHORS = "marks.trust_anchors"


def check_valid(certificate: x509.Certificate, now: datetime, parameter: str) -> None:
    """Raise `InvalidParameters` if the certificate is not valid at `now`."""
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not first <= now <= last:
        raise _wrong(parameter, f"a certificate that is valid now, not from {first} to {last}")


def algorithm_of(certificate: x509.Certificate) -> Algorithm:
    """The algorithm of the certificate's key. Raises `InvalidParameters` for a kind of key that
    C2PA does not allow."""
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048:
        return "PS256"
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "EdDSA"
    raise _wrong(
        "marks.certificate_chain", "a key on P-256, P-384, P-521, Ed25519, or RSA of 2048 bits"
    )


def _signer(key: object) -> Sign:
    """A function that signs with the key, in the library's own format (for ECDSA: DER)."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        method = ec.ECDSA(_HASHES[_CURVES[key.curve.name]])
        return lambda content: key.sign(content, method)
    if isinstance(key, rsa.RSAPrivateKey):
        salted = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
        return lambda content: key.sign(content, salted, hashes.SHA256())
    assert isinstance(key, ed25519.Ed25519PrivateKey)  # `algorithm_of` accepts no other kind
    return key.sign


def _raw(sign: Sign, algorithm: Algorithm) -> Sign:
    """A function that returns raw signatures, although `sign` may return ECDSA ones in DER."""
    match algorithm:
        case "PS256" | "EdDSA":
            return sign
        case "ES256" | "ES384" | "ES512":
            side = {"ES256": 32, "ES384": 48, "ES512": 66}[algorithm]
        case _ as never:
            assert_never(never)

    def plain(content: bytes) -> bytes:
        signature = sign(content)
        if len(signature) == 2 * side and signature[0] != _DER_SEQUENCE:
            return signature
        try:
            r, s = decode_dss_signature(signature)
        except ValueError:  # a raw signature whose first byte happens to be DER's
            return signature
        return r.to_bytes(side, "big") + s.to_bytes(side, "big")

    return plain


def _function(name: str) -> Sign:
    module, _, path = name.partition(":")
    try:
        found: object = import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise _wrong("marks.kms", "a function that can be imported") from error
    if not callable(found):
        raise _wrong("marks.kms", "a function that can be imported")
    return found


def _certificates(path: str, parameter: str) -> tuple[x509.Certificate, ...]:
    try:
        return tuple(x509.load_pem_x509_certificates(_file(path, parameter)))
    except ValueError as error:
        raise _wrong(parameter, "a PEM file of certificates") from error


def _file(path: str, parameter: str) -> bytes:
    try:
        return Path(path).expanduser().read_bytes()
    except OSError as error:
        raise _wrong(parameter, f"a file that can be read ({error.strerror})") from error


def _wrong(parameter: str, constraint: str) -> InvalidParameters:
    return InvalidParameters.of(parameter, None, constraint, f"must be {constraint}")
