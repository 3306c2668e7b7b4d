"""The order of the middleware, outermost first.

1. request id: every answer has one, including errors.
2. browser headers: on every answer, including errors.
3. access log: logs every answer, with the caller that the key middleware has found.
4. CORS, if the config lists origins: preflights have no key, and pages may read errors too.
5. HEAD: handled as GET by everything below.
6. OpenAI errors: converts all errors below OpenAI's prefix, also those of the middleware below.
7. audit: logs changes and refusals; before the key, so that wrong keys are logged too.
8. control characters: refuses such paths before anything compares paths.
9. key: without a valid key nothing is read or counted (so 401 comes before 400, 413 and 429).
10. size limit: everything below may read the body.
11. budget headers: adds the state of the budget that the route used to its answer.
12. entrance: durable jobs enter here; they passed the others when they were accepted.
13. crash barrier: turns unexpected exceptions into answers, to which the others add headers.
"""

from __future__ import annotations

from starlette.middleware import Middleware

from engines.protocols import Clock
from serve_app.access.api_keys import ApiKeys
from serve_app.access.audit import AuditLog
from serve_app.access.counters import AccessCounters
from serve_app.access.tickets import Tickets
from serve_app.access.wrong_keys import WrongKeyThrottle
from serve_app.config import ApiConfig
from serve_app.durable.entrance import Entrance, EntranceMiddleware
from serve_app.ids import IdSource
from serve_app.middleware.access_log import AccessLogMiddleware
from serve_app.middleware.audit import AuditMiddleware
from serve_app.middleware.control_characters import ControlCharactersMiddleware
from serve_app.middleware.cors import cors
from serve_app.middleware.crash_barrier import CrashBarrierMiddleware
from serve_app.middleware.head import HeadMiddleware
from serve_app.middleware.headers import BrowserHeadersMiddleware, BudgetHeadersMiddleware
from serve_app.middleware.key import KeyMiddleware
from serve_app.middleware.request_id import RequestIdMiddleware
from serve_app.middleware.size_limit import SizeLimitMiddleware
from serve_app.openai.error_shape import OpenAIErrorsMiddleware


def middleware_stack(
    config: ApiConfig,
    keys: ApiKeys,
    tickets: Tickets,
    ids: IdSource,
    counters: AccessCounters,
    audit: AuditLog,
    clock: Clock,
    entrance: Entrance,
) -> list[Middleware]:
    """The middleware, outermost first, in the form that Starlette expects."""
    wrong = config.wrong_keys
    throttle = WrongKeyThrottle(wrong.per_minute, wrong.max_addresses, clock)
    return [
        Middleware(RequestIdMiddleware, ids=ids),
        Middleware(BrowserHeadersMiddleware),
        Middleware(AccessLogMiddleware),
        *cors(config.cors_origins),
        Middleware(HeadMiddleware),
        Middleware(OpenAIErrorsMiddleware),
        Middleware(AuditMiddleware, audit=audit),
        Middleware(ControlCharactersMiddleware),
        Middleware(KeyMiddleware, keys=keys, tickets=tickets, throttle=throttle, counters=counters),
        Middleware(SizeLimitMiddleware, limits=config.bodies),
        Middleware(BudgetHeadersMiddleware),
        Middleware(EntranceMiddleware, entrance=entrance),
        Middleware(CrashBarrierMiddleware),
    ]
