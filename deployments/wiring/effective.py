"""The API's config together with the environment, and the checks of both before a start.

This module must not import Ray or the application, because the launcher's process uses it.
"""

from __future__ import annotations

from pydantic import ValidationError

from deployments.config import AppArgs
from deployments.settings import Settings
from deployments.wiring.redis_guard import check_redis
from engines.errors import InvalidParameters
from serve_app.config import ApiConfig
from serve_app.webhooks.signing import WebhookSecrets


def effective_api(api: ApiConfig, settings: Settings) -> ApiConfig:
    """The config with the rate limits and the data root that the environment sets."""
    rates = {
        "generate": settings.rate_limit_generate,
        "validate_": settings.rate_limit_validate,
        "export": settings.rate_limit_export,
        "upload": settings.rate_limit_upload,
        "read": settings.rate_limit_read,
    }
    given = {name: rate for name, rate in rates.items() if rate}
    merged = {**api.rates.model_dump(), **given}
    return ApiConfig.model_validate(
        {**api.model_dump(), "rates": merged, "data_root": settings.absolute_data_root()}
    )


def check_start(args: AppArgs, settings: Settings) -> None:
    """Check what the replicas would refuse when they start, so that it is said before Ray starts:
    rate limits, Redis, the secret of webhooks, and the files of the marks' key.

    Nothing is written and no server is asked. API keys are not checked (`api_keys`).

    Raises:
        InvalidParameters: a variable or a file is missing or wrong.
    """
    try:
        api = effective_api(args.api_with_model_defaults(), settings)
    except ValidationError as error:
        raise _wrong_rate(error) from None
    check_redis(api, settings)
    WebhookSecrets.of(settings.webhook_secret).check(api.webhooks)
    marks = args.marks
    if marks.certificate_chain is not None or marks.trust_anchors:
        from engines.provenance.identity import load_identity, trust_anchors

        trust_anchors(marks)
        if marks.enabled:
            load_identity(marks)


def _wrong_rate(error: ValidationError) -> InvalidParameters:
    """The error for the first wrong rate limit. The config alone is valid, so the value comes from
    the environment."""
    fault = error.errors(include_url=False)[0]
    name = str(fault["loc"][-1]).strip("_").upper()
    reason = str(fault["msg"]).removeprefix("Value error, ")
    return InvalidParameters.of(f"INFERLOOP_RATE_LIMIT_{name}", None, "a rate", reason)
