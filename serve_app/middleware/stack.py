"""The order of the middleware, outermost first.

1. request id: every answer carries one, refusals too.
2. browser headers: on every answer, refusals too.
3. access log: sees every answer, and what the later ones learned of the caller.
4. CORS, where the config lists origins: a preflight has no key, and a page may read refusals too.
5. HEAD: from here on it is a GET.
6. errors of OpenAI's shape below its prefix, whoever made them.
7. audit: what changes or refuses something; outside the key, to see strangers too.
8. control characters: no path with one reaches anything that compares paths.
9. key: a stranger learns nothing, spends nothing and has no body read (401 before 400, 413, 429).
10. size limit: what follows may read the body without fear of its size.
11. budget headers: the route spends the budget, and all answers from inside tell what is left.
12. entrance: kept jobs come in here; they passed the others when they were accepted.
13. crash barrier: an unexpected exception becomes an answer where the others still add headers.
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
