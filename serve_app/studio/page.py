"""`/studio`: the page, and `/`, which leads there."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import HTMLResponse, RedirectResponse

PAGE = Path(__file__).with_name("studio.html").read_text(encoding="utf-8")


def _script_hash(page: str) -> str:
    """CSP source of the page's one script, so that no other can run where a key is typed."""
    script = page.partition("<script>")[2].partition("</script>")[0]
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        f"script-src {_script_hash(PAGE)}",
        "style-src 'unsafe-inline'",
        "img-src blob: data:",
        "connect-src 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)

router = APIRouter(include_in_schema=False)


@router.get("/studio")
async def studio() -> HTMLResponse:
    """The page holds no key: whoever opens it types one."""
    headers = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
    }
    return HTMLResponse(PAGE, headers=headers)


@router.get("/")
async def root() -> RedirectResponse:
    return RedirectResponse("/studio")
