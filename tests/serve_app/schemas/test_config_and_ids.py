"""Settings that contradict themselves are refused; ids are unique and sort by time."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from serve_app.config import ApiConfig, FieldBounds, JobLimits, RateLimits
from serve_app.ids import IdSource, batch_image_ids, draw_seed
from tests.serve_app.fakes import FakeClock


def test_the_defaults_are_the_reference() -> None:
    config = ApiConfig()
    assert config.default_model_id == "runwayml/stable-diffusion-v1-5"
    assert (config.rates.generate, config.rates.validate_, config.rates.export) == (
        "10/minute",
        "20/minute",
        "5/minute",
    )
    assert (config.bounds.min_side_px, config.bounds.max_side_px) == (64, 1024)
    assert config.bounds.max_seed == 2**53 - 1


def test_counting_in_memory_is_refused_with_several_replicas() -> None:
    with pytest.raises(ValidationError, match="use 'actor' or 'redis'"):
        ApiConfig(ingress_replicas=2)
    assert ApiConfig(ingress_replicas=2, rate_limiter="actor").ingress_replicas == 2


@pytest.mark.parametrize("rate", ["", "ten a minute", "10/fortnight"])
def test_a_rate_must_be_one(rate: str) -> None:
    with pytest.raises(ValidationError):
        RateLimits(generate=rate)


def test_rates_are_read_under_their_yaml_names() -> None:
    assert RateLimits.model_validate({"validate": "7/minute"}).validate_ == "7/minute"


@pytest.mark.parametrize("root", ["data", "./data", "http://x", ""])
def test_the_data_root_is_absolute(root: str) -> None:
    with pytest.raises(ValidationError):
        ApiConfig(data_root=root)


def test_the_data_root_has_no_slash_at_the_end() -> None:
    assert ApiConfig(data_root="s3://bucket/prefix/").data_root == "s3://bucket/prefix"


def test_unknown_settings_are_refused_and_the_config_is_frozen() -> None:
    with pytest.raises(ValidationError):
        ApiConfig.model_validate({"color": "blue"})
    with pytest.raises(ValidationError):
        ApiConfig().data_root = "/x"  # type: ignore[misc]


@pytest.mark.parametrize("model", [ApiConfig, FieldBounds, JobLimits, RateLimits])
def test_every_plain_field_is_described(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        nested = isinstance(field.default, BaseModel)
        assert nested or field.description, f"{model.__name__}.{name}"


def test_deadlines_grow_with_the_work() -> None:
    limits = JobLimits(deadline_base_s=10, deadline_s_per_megapixel_step=2)
    assert limits.deadline_s(1000, 1000, 50) == pytest.approx(110)
    assert limits.deadline_s(64, 64, 1) < limits.deadline_s(512, 512, 1)
    assert limits.deadline_s(512, 512, 10) < limits.deadline_s(512, 512, 20)


def test_ids_sort_by_time_whatever_is_drawn() -> None:
    clock = FakeClock()
    draws = iter([b"\xff" * 10, b"\x00" * 10])
    ids = IdSource(clock, lambda count: next(draws))
    first = ids.unique()
    clock.advance(0.001)
    second = ids.unique()
    assert first < second
    assert len(first) == 26
    assert first.isalnum()
    assert first == first.lower()


def test_ids_of_one_moment_differ() -> None:
    ids = IdSource(FakeClock())
    assert len({ids.unique() for _ in range(1000)}) == 1000


def test_ids_say_what_they_name() -> None:
    ids = IdSource()
    assert ids.image().startswith("image_")
    assert ids.job().startswith("job_")
    assert batch_image_ids("abc", 2) == ["image_abc_1", "image_abc_2"]


def test_drawn_seeds_are_valid_seeds() -> None:
    seeds = {draw_seed() for _ in range(100)}
    assert all(0 <= seed < 2**32 for seed in seeds)
    assert len(seeds) > 90
