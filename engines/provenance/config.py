"""Configuration of C2PA marks and watermarks."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from engines.types.frozen import FrozenModel

Mining = Literal["allowed", "notAllowed"]
"""Values of the CAWG training and data mining assertion."""


class MarksConfig(FrozenModel):
    """The section `marks:` of the config. Contains paths and names, no keys."""

    enabled: bool = Field(default=True, description="Whether every stored image gets a C2PA mark.")
    certificate_chain: str | None = Field(
        default=None,
        description="PEM file with the signing certificate, followed by its issuers' certificates. "
        "None: this installation creates a development certificate, which nobody else trusts.",
    )
    private_key: str | None = Field(
        default=None, description="PEM file: the certificate's private key, without a passphrase."
    )
    kms: str | None = Field(
        default=None,
        pattern=r"^[\w.]+:[\w.]+$",
        description='Instead of private_key: "package.module:function", a function that takes the '
        "bytes to sign and returns the signature (DER or raw). Called on several threads.",
    )
    time_stamp_url: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="URL of an RFC 3161 time-stamp server, which is asked for every mark. Images "
        "are stored after its answer, so a slow server delays every image.",
    )
    trust_anchors: tuple[str, ...] = Field(
        default=(),
        description="PEM files with certificates of further issuers whose marks POST /verify "
        "reports as trusted. The issuers in certificate_chain are always trusted.",
    )
    generative_training: Mining = Field(
        default="allowed",
        description="Whether, according to the mark, the image may be used to train generative "
        "models.",
    )
    training: Mining = Field(
        default="allowed",
        description="Whether, according to the mark, the image may be used to train other models.",
    )
    data_mining: Mining = Field(
        default="allowed",
        description="Whether, according to the mark, the image may be used for data mining.",
    )

    watermark_word: str = Field(
        default="1f3ac9b2",
        pattern=r"^[0-9a-f]{8}$",
        description="The 32 bits of the invisible watermark, as eight hexadecimal digits: written "
        "to images of models with `watermark: rivagan`, and searched for by POST /verify.",
    )
    watermark_strength: float = Field(
        default=1.5,
        gt=0,
        le=4,
        description="Strength of the watermark. 1 changes the picture by about 43 dB PSNR, 1.5 by "
        "39 dB, 2.5 by 35 dB.",
    )
    watermark_models: str | None = Field(
        default=None,
        description="Folder with rivagan_encoder.onnx and rivagan_decoder.onnx. None: "
        "share/inferloop-watermark/imwatermark in the Python environment.",
    )

    @model_validator(mode="after")
    def _chain_and_key_belong_together(self) -> Self:
        if self.private_key is not None and self.kms is not None:
            raise ValueError("give private_key or kms, not both")
        has_key = self.private_key is not None or self.kms is not None
        if has_key != (self.certificate_chain is not None):
            raise ValueError("certificate_chain and private_key (or kms) go together")
        return self
