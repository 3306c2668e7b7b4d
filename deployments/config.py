"""The application's configuration: the typed form of `args` in the Serve config file."""

# No `from __future__ import annotations` here or in app.py: Serve reads the builder's real types.
from typing import Self

from pydantic import Field, model_validator

from engines.datasets.export_config import ExportConfig
from engines.diffusion.config import EngineConfig
from engines.diffusion.pinning import check_pinned
from engines.evidence.config import EvidenceConfig
from engines.images import ImageLimits
from engines.privacy.config import PrivacyConfig
from engines.profiles.config import ProfilesConfig
from engines.provenance.config import MarksConfig
from engines.quality.config import QualityConfig
from engines.sandbox import SandboxLimits
from engines.storage.free_space import StorageLimits
from engines.types.frozen import FrozenModel
from serve_app.config import ApiConfig, ModelDefaults


class PoolConfig(FrozenModel):
    """A pool: one diffusion deployment with its models and the settings of its engine."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9-]{0,30}$",
        description="Name of the pool. Its deployment is called diffusion-NAME.",
    )
    engine: EngineConfig
    scale_to_zero: bool = Field(
        default=False,
        description="Whether the pool may have no replica while it is unused (min_replicas: 0 in "
        "`deployments:`). The readiness check then skips it, because asking would start a replica.",
    )

    def served_ids(self) -> dict[str, str]:
        """Each model id that this pool accepts (ids, aliases, and ids that a model stands in for),
        mapped to the id of the model that serves it."""
        served: dict[str, str] = {}
        for model in self.engine.models:
            for name in (model.id, *model.aliases, *model.stand_in_for):
                served[name] = model.id
        return served


class AppArgs(FrozenModel):
    """The application's configuration. The numbers of replicas are not part of it: they are in
    `deployments:` of the Serve config file."""

    pools: tuple[PoolConfig, ...] = Field(min_length=1, description="Diffusion pools.")
    api: ApiConfig = ApiConfig()
    images: ImageLimits = ImageLimits()
    sandbox: SandboxLimits = SandboxLimits()
    storage: StorageLimits = StorageLimits()
    quality: QualityConfig = QualityConfig()
    privacy: PrivacyConfig = PrivacyConfig()
    marks: MarksConfig = MarksConfig()
    export: ExportConfig = ExportConfig()
    evidence: EvidenceConfig = EvidenceConfig()
    profiles: ProfilesConfig = ProfilesConfig()
    one_cpu_process: bool = Field(
        default=False,
        description="Whether `quality`, `privacy`, `exporter` and `profiles` share one process, "
        "the deployment `cpu`, which takes less memory and starts faster on a small machine. "
        "Otherwise each is a separate deployment with its own number of replicas.",
    )
    allow_stand_ins: bool = Field(
        default=False,
        description="Whether a model may serve requests for another model's id (local use only).",
    )

    allow_unpinned_models: bool = Field(
        default=False,
        description="Whether a hub model may have a revision that can change, such as a branch "
        "(never in production).",
    )

    @model_validator(mode="after")
    def _one_pool_per_model(self) -> Self:
        owner: dict[str, str] = {}
        for pool in self.pools:
            for name in pool.served_ids():
                if owner.setdefault(name, pool.name) != pool.name:
                    raise ValueError(f"model {name} is in the pools {owner[name]} and {pool.name}")
            if len({other.name for other in self.pools}) != len(self.pools):
                raise ValueError("pool names must differ")
        return self

    @model_validator(mode="after")
    def _stand_ins_only_where_allowed(self) -> Self:
        if not self.allow_stand_ins and self.stand_ins():
            raise ValueError("a model stands in for another's id, and allow_stand_ins is false")
        return self

    @model_validator(mode="after")
    def _weights_cannot_change(self) -> Self:
        for pool in self.pools if not self.allow_unpinned_models else ():
            check_pinned(pool.engine)
        return self

    def api_with_model_defaults(self) -> ApiConfig:
        """The API's config, completed by the defaults and adapters in the entries of the models."""
        entries = [
            (name, model)
            for pool in self.pools
            for model in pool.engine.models
            for name in model.names
        ]
        defaults = {name: ModelDefaults(**model.defaults.model_dump()) for name, model in entries}
        loras = {
            name: tuple(lora.name for lora in model.loras) for name, model in entries if model.loras
        }
        return self.api.model_copy(update={"model_defaults": defaults, "model_loras": loras})

    def stand_ins(self) -> dict[str, str]:
        """Requested id to the id of the model that serves it instead."""
        return {
            asked: model.id
            for pool in self.pools
            for model in pool.engine.models
            for asked in model.stand_in_for
        }
