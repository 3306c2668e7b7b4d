"""Searches and downloads photographs with the API of Unsplash
(https://unsplash.com/documentation)."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.errors import JsonValue
from inferloop_synthdata.operations.operation import parse_object
from inferloop_synthdata.sources.images import SourceImage
from inferloop_synthdata.transport.foreign_errors import http_errors, proxy_errors

API = "https://api.unsplash.com"
_PAGE_SIZE = 30
"""The largest page that the API allows."""
_ORIGIN = "Unsplash"


def unsplash_images(
    query: str, access_key: str | None, transport: httpx.BaseTransport | None = None
) -> Iterator[SourceImage]:
    """Yield the photos that match `query`, best match first, as JPEG files 1080 px wide. Blocks.

    Raises:
        UsageProblem: there is no key, it is refused, its hourly limit is used up, or the answer is
            not what the API documents.
        ConnectionFailed: Unsplash cannot be reached.
    """
    if not access_key:
        raise UsageProblem(
            "An Unsplash source needs an access key: --unsplash-key or UNSPLASH_ACCESS_KEY "
            "(make one at https://unsplash.com/developers)"
        )
    headers = {"Authorization": f"Client-ID {access_key}", "Accept-Version": "v1"}
    with _client(transport, {}) as images, _client(transport, headers) as api:
        page = 1
        while photos := _search(api, query, page):
            for photo in photos:
                yield _photo(api, images, photo)
            page += 1


def _client(transport: httpx.BaseTransport | None, headers: dict[str, str]) -> httpx.Client:
    with proxy_errors():
        return httpx.Client(transport=transport, timeout=30.0, headers=headers)


def _search(api: httpx.Client, query: str, page: int) -> list[dict[str, JsonValue]]:
    query_fields = {"query": query, "page": str(page), "per_page": str(_PAGE_SIZE)}
    found = parse_object(_answer(api, f"{API}/search/photos", query_fields).content) or {}
    photos = found.get("results")
    if not isinstance(photos, list):
        raise UsageProblem("Unsplash's answer is not a list of photos")
    return [photo if isinstance(photo, dict) else {} for photo in photos]


def _photo(api: httpx.Client, images: httpx.Client, photo: dict[str, JsonValue]) -> SourceImage:
    links, urls = photo.get("links"), photo.get("urls")
    download = links.get("download_location") if isinstance(links, dict) else None
    image = urls.get("regular") if isinstance(urls, dict) else None
    if not isinstance(image, str):
        raise UsageProblem("Unsplash's answer has a photo without a URL")
    # The terms of the API require a request to this URL for every photo that is used. The key is
    # sent to the host of the API only.
    if isinstance(download, str) and download.startswith(f"{API}/"):
        _answer(api, download)
    return SourceImage(f"{photo.get('id')}.jpg", _answer(images, image).content)


def _answer(client: httpx.Client, url: str, query: dict[str, str] | None = None) -> httpx.Response:
    with http_errors(_ORIGIN):
        response = client.get(url, params=query)
    if response.status_code == 401:
        raise UsageProblem("Unsplash refuses the access key")
    if response.status_code in {403, 429}:
        raise UsageProblem("Unsplash's hourly limit for this access key is used up")
    if not response.is_success:
        raise UsageProblem(f"Unsplash answered with status {response.status_code}")
    return response
