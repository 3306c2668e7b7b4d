"""Verifies signatures of data sheets (JWS, RFC 7515) and their certificates. Needs the extra
`verify`."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from inferloop_synthdata.errors import JsonValue
from inferloop_synthdata.marks.reading import Anchors, Signature

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from joserfc.jwk import Key

ALGORITHMS = ["ES256", "ES384", "ES512", "PS256", "EdDSA"]
_MOST_HEADER_BYTES = 65_536
SHEET_TYPE = "inferloop-sheet+jws"


def read_jws(token: str, anchors: Anchors) -> tuple[Signature, dict[str, JsonValue], str]:
    """Verify a JWS in compact form. Returns the state of its signature, its payload, and the
    subject of its signer's certificate. The last two are empty if the signature is not valid.

    Raises:
        ImportError: the extra `verify` is not installed.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.x509 import load_der_x509_certificate
    from joserfc import jws
    from joserfc.errors import JoseError

    try:
        header = json.loads(_decoded(token.partition(".")[0]))
        chain = [load_der_x509_certificate(base64.b64decode(each)) for each in header["x5c"]]
        pem = (
            chain[0]
            .public_key()
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
        key = _key(str(header["alg"]), pem)
        registry = jws.JWSRegistry(algorithms=ALGORITHMS)
        registry.max_header_length = _MOST_HEADER_BYTES  # the default, 512, is below a certificate
        signed = jws.deserialize_compact(token, key, registry=registry)
        payload = json.loads(signed.payload)
    except (ValueError, KeyError, TypeError, IndexError, JoseError):
        return "invalid", {}, ""
    if not isinstance(payload, dict) or header.get("typ") != SHEET_TYPE:
        return "invalid", {}, ""
    return _standing(chain, anchors), payload, chain[0].subject.rfc4514_string()


def _key(algorithm: str, pem: bytes) -> Key:
    from joserfc.jwk import ECKey, OKPKey, RSAKey

    if algorithm == "EdDSA":
        return OKPKey.import_key(pem)
    return ECKey.import_key(pem) if algorithm.startswith("ES") else RSAKey.import_key(pem)


def _standing(chain: Sequence[Certificate], anchors: Anchors) -> Signature:
    now = datetime.now(UTC)
    if not chain[0].not_valid_before_utc <= now <= chain[0].not_valid_after_utc:
        return "unknown"
    if _leads_to(chain, anchors.trusted):
        return "trusted"
    return "development" if _leads_to(chain, anchors.development) else "unknown"


def _leads_to(chain: Sequence[Certificate], anchors_pem: str) -> bool:
    """Whether the chain leads to an anchor: each certificate is issued by the next one, and the
    last one is an anchor or is issued by an anchor."""
    from cryptography.x509 import load_pem_x509_certificates

    anchors = load_pem_x509_certificates(anchors_pem.encode()) if anchors_pem.strip() else []
    for at, certificate in enumerate(chain):
        if certificate in anchors or any(_issued(certificate, each) for each in anchors):
            return True
        if at + 1 == len(chain) or not _issued(certificate, chain[at + 1]):
            return False
    return False


def _issued(certificate: Certificate, issuer: Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.x509 import BasicConstraints, ExtensionNotFound

    try:
        if not issuer.extensions.get_extension_for_class(BasicConstraints).value.ca:
            return False
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, ExtensionNotFound):
        return False
    return True


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
