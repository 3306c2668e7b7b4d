"""Prompt embeddings: encoded in one batch, and cached."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch

if TYPE_CHECKING:
    from engines.diffusion.backends.family import Family

_WINDOWS_PER_FORWARD = 32


@dataclass(frozen=True, slots=True, eq=False)
class EncodedPrompt:
    """A prompt's embeddings, for n windows of W tokens."""

    states: torch.Tensor
    """(1, n x W, D)."""
    pooled: torch.Tensor | None
    """(1, P), of the first window; None if the family has none."""
    note: str | None = None
    """A note for the recipe if the prompt is longer than one window."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A text to encode into `windows` windows with the adapter `lora`; `text` None is an absent
    negative prompt."""

    text: str | None
    windows: int
    lora: str | None


class PromptEncoder:
    """Encodes with the family's text encoders, and caches the last `cache_entries` results.

    A prompt longer than the text encoder's window of W tokens is either split into windows of
    W - 2 tokens, each with its own begin and end token, whose embeddings are concatenated
    ("chunk", as in common Stable Diffusion user interfaces), or cut after the first window ("cut",
    as in diffusers). In both cases the result has a note.
    """

    def __init__(
        self, family: Family, long_prompts: Literal["chunk", "cut"], cache_entries: int
    ) -> None:
        self._family = family
        self._long_prompts = long_prompts
        self._cache_entries = cache_entries
        self._cache: OrderedDict[Wanted, EncodedPrompt] = OrderedDict()

    def windows_of(self, text: str | None) -> int:
        """Number of windows that the text needs, at least 1; always 1 for "cut"."""
        if text is None or self._long_prompts == "cut":
            return 1
        tokenizer = self._family.tokenizers[0]
        return max(1, -(-len(_token_ids(tokenizer, text)) // _room(tokenizer)))

    def encode(self, wanted: Iterable[Wanted]) -> dict[Wanted, EncodedPrompt]:
        """The embeddings of all texts; those that are not cached are encoded together."""
        found: dict[Wanted, EncodedPrompt] = {}
        missing: dict[Wanted, None] = {}
        for each in wanted:
            if each in self._cache:
                self._cache.move_to_end(each)
                found[each] = self._cache[each]
            else:
                missing[each] = None
        for each, encoded in self._encode_missing(list(missing)):
            found[each] = self._cache[each] = encoded
        while len(self._cache) > self._cache_entries:
            self._cache.popitem(last=False)
        return found

    def _encode_missing(self, missing: Sequence[Wanted]) -> list[tuple[Wanted, EncodedPrompt]]:
        if not missing:
            return []
        rows = [
            torch.tensor(
                [ids for each in missing for ids in self._windows(tokenizer, each)],
                dtype=torch.int64,
            )
            for tokenizer in self._family.tokenizers
        ]
        parts = zip(*(each.split(_WINDOWS_PER_FORWARD) for each in rows), strict=True)
        outputs = [self._family.encode(part) for part in parts]
        states = torch.cat([output[0] for output in outputs])
        pooled = [output[1] for output in outputs if output[1] is not None]
        all_pooled = torch.cat(pooled) if pooled else None
        encoded, start = [], 0
        for each in missing:
            stop = start + each.windows
            one = states[start:stop].reshape(1, -1, states.shape[-1])
            one_pooled = None if all_pooled is None else all_pooled[start : start + 1]
            encoded.append((each, self._finish(each, one, one_pooled)))
            start = stop
        return encoded

    def _finish(
        self, each: Wanted, states: torch.Tensor, pooled: torch.Tensor | None
    ) -> EncodedPrompt:
        if each.text is None and self._family.zero_negative:
            zeros = None if pooled is None else torch.zeros_like(pooled)
            return EncodedPrompt(torch.zeros_like(states), zeros)
        # Cloned, because a cached view would keep the whole batch's tensor in memory.
        return EncodedPrompt(
            states.clone(), None if pooled is None else pooled.clone(), self._note(each.text)
        )

    def _note(self, text: str | None) -> str | None:
        tokenizer = self._family.tokenizers[0]
        count, room = len(_token_ids(tokenizer, text or "")), _room(tokenizer)
        if count <= room:
            return None
        if self._long_prompts == "cut":
            return f"prompt cut at {room} of {count} tokens"
        return f"prompt of {count} tokens encoded in windows of {room}"

    def _windows(self, tokenizer: Any, each: Wanted) -> list[list[int]]:
        """Token ids of each window, padded as the tokenizer does."""
        ids, room = _token_ids(tokenizer, each.text or ""), _room(tokenizer)
        windows = []
        for start in range(0, each.windows * room, room):
            part = [tokenizer.bos_token_id, *ids[start : start + room], tokenizer.eos_token_id]
            padding = [tokenizer.pad_token_id] * (tokenizer.model_max_length - len(part))
            windows.append(part + padding)
        return windows


def _token_ids(tokenizer: Any, text: str) -> list[int]:
    ids: list[int] = tokenizer(text, add_special_tokens=False, truncation=False).input_ids
    return ids


def _room(tokenizer: Any) -> int:
    """Number of tokens in a window without the begin and the end token."""
    return int(tokenizer.model_max_length) - 2
