"""Fake of the service that reads marks, the mark log and signed data sheets."""

from __future__ import annotations

from dataclasses import dataclass, field

from engines.errors import Fault, InvalidImage, JsonValue, NotFound
from tests.serve_app.fakes import FakeFiles

CARRIED: dict[str, JsonValue] = {
    "found": True,
    "word": "1f3ac9b2",
    "agreeing_bits": 32,
    "of_bits": 32,
    "chance": 2.3e-10,
}


@dataclass
class FakeProvenance:
    files: FakeFiles
    seen: list[bytes] = field(default_factory=list)
    found: dict[str, JsonValue] = field(default_factory=dict)
    intact: tuple[str, ...] = ()
    """Signed datasets without changes, besides nature_set."""
    """The result of reading a mark, instead of the usual one."""

    async def verify(self, content: bytes, watermark: bool = False) -> dict[str, JsonValue]:
        self.seen.append(content)
        if not content.startswith(b"\x89PNG"):
            raise InvalidImage(Fault("image", None, "a PNG file", "must be a PNG file"))
        log: dict[str, JsonValue] = {
            "segment": "20260101T000000-0123456789ab-000000",
            "n": 7,
            "time": "2026-01-01T00:00:00+00:00",
            "event": "created",
            "key": "generated/image_1.png",
        }
        return {
            "mark": "present",
            "signature": "development",
            "changed": False,
            "made_by_ai": True,
            "signer": {"issuer": "Inferloop development, untrusted"},
            "claims": {"image_id": "image_1"},
            "recipe": {"prompt": "a fox"},
            "recipe_matches": True,
            "log": log,
            "watermark": dict(CARRIED) if watermark else None,
            "problems": [],
            **self.found,
        }

    async def verify_stored(self, key: str, watermark: bool = False) -> dict[str, JsonValue]:
        if key not in self.files.contents:
            raise NotFound("image", key)
        return await self.verify(self.files.contents[key], watermark)

    async def check_log(self) -> dict[str, JsonValue]:
        counts: dict[str, JsonValue] = {"chains": 2, "segments": 3, "entries": 40, "torn": 1}
        return {"intact": True, **counts, "problems": []}

    async def check_sheet(self, dataset: str) -> dict[str, JsonValue]:
        if dataset not in {"nature_set", *self.intact}:
            raise NotFound("signed sheet of dataset", dataset)
        added = [] if dataset in self.intact else ["new.png"]
        return {
            "dataset": dataset,
            "signature": "development",
            "signer": "CN=Image signer",
            "signed_at": "2026-01-01T00:00:00+00:00",
            "summary": {"image_count": 120},
            "unchanged": not added,
            "counts": {"added": len(added), "lost": 0, "changed": 0},
            "added": [*added],
            "lost": [],
            "changed": [],
            "log_lost": [],
            "problems": [],
        }
