"""Whether and with which key images are marked."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from engines.types.frozen import FrozenModel

Mining = Literal["allowed", "notAllowed"]
"""The C2PA assertion's own words."""


class MarksConfig(FrozenModel):
    """`marks:` of the config. Holds paths and names, never a key."""

    enabled: bool = Field(
        default=True, description="Whether every image that is written gets a C2PA mark."
    )
    certificate_chain: str | None = Field(
        default=None,
        description="PEM file: the signing certificate first, then those that issued it. Left out: "
        "a development certificate that this installation makes for itself, which nobody outside "
        "trusts.",
    )
    private_key: str | None = Field(
        default=None, description="PEM file: the certificate's private key, without a passphrase."
    )
    kms: str | None = Field(
        default=None,
        pattern=r"^[\w.]+:[\w.]+$",
        description='Instead of private_key: "package.module:function", called with the bytes to '
        "sign, returns the signature (DER or raw). It is called on several threads.",
    )
    time_stamp_url: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="RFC 3161 server that is asked for a time stamp of every mark. It is asked "
        "before the image is stored: a slow one makes every image wait.",
    )
    trust_anchors: tuple[str, ...] = Field(
        default=(),
        description="PEM files with certificates whose marks POST /verify calls trusted, beside "
        "the issuers of our own certificate_chain.",
    )
    generative_training: Mining = Field(
        default="allowed",
        description="What the mark says about training generative models with the image.",
    )
    training: Mining = Field(
        default="allowed", description="The same for training other models with the image."
    )
    data_mining: Mining = Field(default="allowed", description="The same for data mining.")

    watermark_word: str = Field(
        default="1f3ac9b2",
        pattern=r"^[0-9a-f]{8}$",
        description="32 bits, as eight hexadecimal digits, that the invisible watermark carries in "
        "the images of models with `watermark: rivagan`, and that POST /verify looks for.",
    )
    watermark_strength: float = Field(
        default=1.5,
        gt=0,
        le=4,
        description="How strong it is: 1 leaves about 43 dB to the picture, 1.5 39 dB, 2.5 35 dB.",
    )
    watermark_models: str | None = Field(
        default=None,
        description="Folder with rivagan_encoder.onnx and rivagan_decoder.onnx. Left out: "
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
