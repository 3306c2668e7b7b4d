"""Checks whether C2PA allows a certificate to sign, before the first image is made.

The C2PA library checks it too, but only when it signs, and then says only that the certificate is
invalid (C2PA specification 2.2, 14.5: Certificate profile).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

E = TypeVar("E", bound=x509.ExtensionType)

PURPOSES = frozenset(
    ObjectIdentifier(number)
    for number in (
        "1.3.6.1.5.5.7.3.4",  # e-mail protection
        "1.3.6.1.5.5.7.3.36",  # document signing (RFC 9336)
        "1.3.6.1.4.1.62558.2.1",  # C2PA's own
        "1.3.6.1.4.1.311.76.59.1.9",  # Microsoft's for C2PA
    )
)
"""The same as those with which the client's `verify` reads marks."""
_NEVER = frozenset(
    {
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
        ExtendedKeyUsageOID.TIME_STAMPING,
        ExtendedKeyUsageOID.OCSP_SIGNING,
    }
)


def unsuitable(certificate: x509.Certificate) -> str | None:
    """What the certificate must be in order to sign marks; None if it is that already."""
    return next(_faults(certificate), None)


def _faults(certificate: x509.Certificate) -> Iterator[str]:
    if certificate.version is not x509.Version.v3:
        yield "an X.509 v3 certificate: it has no extensions"
        return
    if certificate.issuer == certificate.subject:
        yield "issued by an authority, not self-signed"
    if _may_issue(certificate):
        yield "one that may not issue certificates (CA:FALSE, no keyCertSign)"
    usage = _extension(certificate, x509.KeyUsage)
    if usage is None or not usage.digital_signature:
        yield "for the key usage digitalSignature"
    purposes = set(_extension(certificate, x509.ExtendedKeyUsage) or ())
    if not purposes & PURPOSES or purposes & _NEVER:
        yield (
            "for signing content: its extended key usage must have emailProtection or C2PA's own, "
            "and not anyExtendedKeyUsage, timeStamping or OCSPSigning (a certificate of a web "
            "server does not do)"
        )


def _may_issue(certificate: x509.Certificate) -> bool:
    constraints = _extension(certificate, x509.BasicConstraints)
    usage = _extension(certificate, x509.KeyUsage)
    return bool((constraints and constraints.ca) or (usage and usage.key_cert_sign))


def _extension(certificate: x509.Certificate, kind: type[E]) -> E | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
