"""A time-stamp authority of RFC 3161 on loopback: `openssl ts` behind an HTTP server."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ANSWER = "application/timestamp-reply"
_CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_cert = {folder}/authority.pem
certs = {folder}/issuer.pem
signer_key = {folder}/authority.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass
class Authority:
    """Gives time stamps. `status`: the HTTP status that it answers instead of a time stamp."""

    folder: Path
    status: int = 200
    asked: list[bytes] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)
    url: str = ""

    def answer(self, query: bytes) -> bytes:
        """The reply in DER. Only one is made at a time, because the serial number is in a file."""
        with self.lock:
            self.asked.append(query)
            (self.folder / "query.tsq").write_bytes(query)
            command = ("openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq")
            done = subprocess.run(command, cwd=self.folder, capture_output=True, check=True)
            return done.stdout


@contextmanager
def serving(folder: Path) -> Iterator[Authority]:
    """Run an authority with a new key and certificate in `folder`."""
    _write_identity(folder)
    (folder / "serial").write_text("01\n", encoding="ascii")
    (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder), encoding="ascii")
    authority = Authority(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            content = authority.answer(query) if authority.status == 200 else b"no"
            self.send_response(authority.status)
            self.send_header("Content-Type", ANSWER)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            """Prints nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    authority.url = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield authority
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _write_identity(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    issuer_key, own_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer_name, own_name = _name("Test issuer"), _name("Test time-stamp authority")
    issuer = _certificate(issuer_name, issuer_name, issuer_key, issuer_key, is_issuer=True)
    own = _certificate(own_name, issuer_name, own_key, issuer_key, is_issuer=False)
    for name, certificate in (("issuer", issuer), ("authority", own)):
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        (folder / f"{name}.pem").write_bytes(pem)
    key_pem = own_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "authority.key").write_bytes(key_pem)


def _name(common: str) -> x509.Name:
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Inferloop tests")
    return x509.Name([organization, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signing_key: ec.EllipticCurvePrivateKey,
    is_issuer: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(is_issuer, None), critical=True)
        .add_extension(_usage(is_issuer), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()),
            critical=False,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if not is_issuer:
        stamping = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(stamping, critical=True)
    return builder.sign(signing_key, hashes.SHA256())


def _usage(is_issuer: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_issuer,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_issuer,
        crl_sign=is_issuer,
        encipher_only=False,
        decipher_only=False,
    )
