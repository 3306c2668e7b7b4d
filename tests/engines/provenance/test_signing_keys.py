"""Keys: files, functions of a KMS, and what is refused before the first image."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from c2pa import Reader
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from engines.errors import InvalidParameters, MarkingFailed
from engines.provenance.claims import created
from engines.provenance.config import MarksConfig
from engines.provenance.development import identity_in, new_bundle
from engines.provenance.identity import identity_of, load_identity, trust_anchors
from engines.provenance.signing import C2paSigner
from engines.provenance.suitable import PURPOSES
from inferloop_synthdata.marks.reading import SIGNING_PURPOSES, Anchors, read_mark
from tests.engines.provenance.conftest import some_png

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
KEYS: dict[str, Callable[[], PrivateKey]] = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ES512": lambda: ec.generate_private_key(ec.SECP521R1()),
    "PS256": lambda: rsa.generate_private_key(65537, 2048),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}
KMS_KEY = ec.generate_private_key(ec.SECP256R1())


def sign_as_a_kms_does(content: bytes) -> bytes:
    """DER, as the key services of the clouds answer."""
    return KMS_KEY.sign(content, ec.ECDSA(hashes.SHA256()))


def break_down(content: bytes) -> bytes:
    raise ConnectionError("the key service is away")


def key_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


EMAIL = ExtendedKeyUsageOID.EMAIL_PROTECTION


def certificate(
    key: PrivateKey,
    age_days: int = 1,
    life_days: int = 30,
    purposes: Sequence[x509.ObjectIdentifier] = (EMAIL,),
    *,
    issues: bool = False,
    signs: bool = True,
    by_itself: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """PEM: a leaf as C2PA wants it, unless changed, and the authority that issued it."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    start = datetime.now(UTC) - timedelta(days=age_days)
    names = [
        x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, name),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example Images Ltd"),
            ]
        )
        for name in ("signer", "authority")
    ]

    def builder(subject: x509.Name, public: object, is_authority: bool) -> x509.CertificateBuilder:
        assert isinstance(
            public, ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey
        )
        usage = [signs and not is_authority, *[False] * 4, is_authority, is_authority, False, False]
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(names[1])
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + timedelta(days=life_days))
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .add_extension(x509.KeyUsage(*usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
                critical=False,
            )
        )

    leaf = builder(names[by_itself is not None], key.public_key(), issues)
    if purposes:
        leaf = leaf.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    authority = builder(names[1], authority_key.public_key(), True)
    signer = by_itself or authority_key
    signed = (leaf.sign(signer, hashes.SHA256()), authority.sign(authority_key, hashes.SHA256()))
    return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in signed)


def state_of(content: bytes) -> str | None:
    with Reader("image/png", io.BytesIO(content)) as reader:
        return reader.get_validation_state()


def config_of(folder: Path, key: PrivateKey, **changes: str | None) -> MarksConfig:
    chain, private = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(certificate(key))
    private.write_bytes(key_pem(key))
    given: dict[str, str | None] = {"certificate_chain": str(chain), "private_key": str(private)}
    return MarksConfig.model_validate({**given, **changes})


def marked_by(config: MarksConfig) -> bytes:
    identity = load_identity(config)
    assert identity is not None
    png, recipe = some_png()
    return C2paSigner(identity).sign(png, "image/png", created(recipe, None, config))


@pytest.mark.parametrize("algorithm", KEYS)
def test_every_kind_of_key_that_c2pa_knows_signs(algorithm: str, tmp_path: Path) -> None:
    config = config_of(tmp_path, KEYS[algorithm]())
    identity = load_identity(config)
    assert identity is not None
    assert identity.algorithm == algorithm
    assert state_of(marked_by(config)) == "Valid"
    assert len(trust_anchors(config)) == 1


def test_a_key_service_signs_without_ever_giving_its_key(tmp_path: Path) -> None:
    config = config_of(
        tmp_path, KMS_KEY, private_key=None, kms=f"{__name__}:{sign_as_a_kms_does.__name__}"
    )
    identity = load_identity(config)
    assert identity is not None
    assert identity.private_key_pem is None
    assert state_of(marked_by(config)) == "Valid"


def test_a_key_service_that_is_away_fails_the_image_and_may_be_asked_again(tmp_path: Path) -> None:
    config = config_of(tmp_path, KMS_KEY, private_key=None, kms=f"{__name__}:break_down")
    with pytest.raises(MarkingFailed) as raised:
        marked_by(config)
    assert raised.value.retryable


@pytest.mark.parametrize(
    ("changes", "parameter"),
    [
        ({"private_key": "/nowhere/key.pem"}, "marks.private_key"),
        ({"certificate_chain": "/nowhere/chain.pem"}, "marks.certificate_chain"),
        ({"private_key": None, "kms": "no.such.module:sign"}, "marks.kms"),
        ({"private_key": None, "kms": "json:no_such_function"}, "marks.kms"),
        ({"private_key": None, "kms": "json:__doc__"}, "marks.kms"),
    ],
)
def test_a_key_that_is_not_there_is_said_before_the_first_image(
    changes: dict[str, str | None], parameter: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidParameters) as raised:
        load_identity(config_of(tmp_path, KEYS["ES256"](), **changes))
    assert raised.value.faults[0].parameter == parameter


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    config = config_of(tmp_path, KEYS["ES256"]())
    (tmp_path / "key.pem").write_bytes(key_pem(KEYS["ES256"]()))
    with pytest.raises(InvalidParameters, match="private key of the first certificate"):
        load_identity(config)


def test_a_file_that_is_no_key_or_no_certificate_is_refused(tmp_path: Path) -> None:
    config = config_of(tmp_path, KEYS["ES256"]())
    for name in ("key.pem", "chain.pem"):
        (tmp_path / name).write_text("not PEM at all")
        with pytest.raises(InvalidParameters):
            load_identity(config)


@pytest.mark.parametrize("age_days", [-1, 90])
def test_a_certificate_that_is_not_valid_now_is_refused(age_days: int, tmp_path: Path) -> None:
    key = KEYS["ES256"]()
    config = config_of(tmp_path, key)
    (tmp_path / "chain.pem").write_bytes(certificate(key, age_days))
    with pytest.raises(InvalidParameters, match="valid now"):
        load_identity(config)


UNFIT: dict[str, dict[str, Any]] = {
    "may not issue certificates": {"issues": True},
    "digitalSignature": {"signs": False},
    "a web server": {"purposes": [ExtendedKeyUsageOID.SERVER_AUTH]},
    "its extended key usage": {"purposes": []},
    "timeStamping": {"purposes": [EMAIL, ExtendedKeyUsageOID.TIME_STAMPING]},
    "not anyExtendedKeyUsage": {"purposes": [EMAIL, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]},
}


@pytest.mark.parametrize("said", UNFIT)
def test_a_certificate_that_c2pa_does_not_allow_is_refused_before_the_first_image(
    said: str, tmp_path: Path
) -> None:
    config = config_of(tmp_path, KMS_KEY)
    chain = certificate(KMS_KEY, **UNFIT[said])
    unchecked = identity_of(
        tuple(x509.load_pem_x509_certificates(chain)), key_pem(KMS_KEY), "marks.private_key"
    )
    png, recipe = some_png()
    with pytest.raises(MarkingFailed):  # the library refuses it, but only now
        C2paSigner(unchecked).sign(png, "image/png", created(recipe, None, config))
    (tmp_path / "chain.pem").write_bytes(chain)
    with pytest.raises(InvalidParameters, match=said):
        load_identity(config)


def test_a_certificate_that_nobody_issued_is_refused(tmp_path: Path) -> None:
    config = config_of(tmp_path, KMS_KEY)
    (tmp_path / "chain.pem").write_bytes(certificate(KMS_KEY, by_itself=KMS_KEY))
    with pytest.raises(InvalidParameters, match="issued by an authority"):
        load_identity(config)


@pytest.mark.parametrize("purpose", SIGNING_PURPOSES)
def test_a_mark_is_trusted_whatever_purpose_of_c2pa_its_certificate_has(
    purpose: str, tmp_path: Path
) -> None:
    key = KEYS["ES256"]()
    config = config_of(tmp_path, key)
    (tmp_path / "chain.pem").write_bytes(
        certificate(key, purposes=[x509.ObjectIdentifier(purpose)])
    )
    (authority,) = trust_anchors(config)
    pem = authority.public_bytes(serialization.Encoding.PEM).decode()
    marked = marked_by(config)
    assert read_mark(marked, Anchors(trusted=pem))["signature"] == "trusted"
    assert read_mark(marked)["signature"] == "unknown"


def test_the_service_signs_with_the_purposes_that_the_client_reads() -> None:
    assert {purpose.dotted_string for purpose in PURPOSES} == {*SIGNING_PURPOSES}


@pytest.mark.parametrize(
    "given",
    [
        {"certificate_chain": "a.pem"},
        {"private_key": "a.pem"},
        {"kms": "a:b"},
        {"certificate_chain": "a.pem", "private_key": "b.pem", "kms": "a:b"},
        {"certificate_chain": "a.pem", "kms": "no colon"},
        {"time_stamp_url": "file:///etc/passwd"},
    ],
)
def test_half_a_key_is_refused_by_the_config(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"marks|certificate_chain|private_key|kms|time_stamp_url"):
        MarksConfig.model_validate(given)


def test_a_development_key_is_new_each_time_and_says_what_it_is() -> None:
    first, second = new_bundle(), new_bundle()
    identity, authority = identity_in(first)
    assert identity.is_development
    assert "untrusted" in identity.chain[0].subject.rfc4514_string()
    assert identity.fingerprint != identity_in(second)[0].fingerprint
    identity.chain[0].verify_directly_issued_by(authority)


def test_a_private_key_is_never_shown(tmp_path: Path) -> None:
    identity = load_identity(config_of(tmp_path, KEYS["ES256"]()))
    assert identity is not None
    assert identity.private_key_pem is not None
    assert "PRIVATE" not in repr(identity)
