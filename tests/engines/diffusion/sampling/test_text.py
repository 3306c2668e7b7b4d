"""Prompt embeddings: as diffusers makes them, remembered, and long prompts by their own rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch

from engines.diffusion.backends.sd import StableDiffusionFamily
from engines.diffusion.backends.sdxl import StableDiffusionXLFamily
from engines.diffusion.models import tiny
from engines.diffusion.sampling.text import EncodedPrompt, PromptEncoder, Wanted

WINDOW = 16
ROOM = WINDOW - 2
LONG = "abcdefghijklmnopqrstuvwxyz"


class Counting(StableDiffusionFamily):
    """Counts windows that went through the text encoder."""

    windows = 0

    def encode(self, windows: Sequence[torch.Tensor]) -> tuple[torch.Tensor, None]:
        self.windows += len(windows[0])
        return super().encode(windows)


@pytest.fixture(scope="module")
def pipe() -> Any:
    return tiny.build_tiny_pipeline()


@pytest.fixture
def family(pipe: Any) -> Counting:
    return Counting(pipe)


@torch.inference_mode()
def encode(
    encoder: PromptEncoder, *texts: str | None, windows: int | None = None
) -> list[EncodedPrompt]:
    wanted = [Wanted(text, windows or encoder.windows_of(text), None) for text in texts]
    found = encoder.encode(wanted)
    return [found[each] for each in wanted]


def plain_states(pipe: Any, text: str) -> torch.Tensor:
    with torch.inference_mode():
        states: torch.Tensor = pipe.encode_prompt(text, "cpu", 1, False)[0]
    return states


@pytest.mark.parametrize("text", ["", "fox", "a red car", LONG[:ROOM]])
def test_equals_diffusers_within_the_window(pipe: Any, family: Counting, text: str) -> None:
    (ours,) = encode(PromptEncoder(family, "chunk", 8), text)
    torch.testing.assert_close(ours.states, plain_states(pipe, text))
    assert ours.note is None


def test_a_batch_equals_each_alone(family: Counting) -> None:
    texts = ["fox", "car", LONG, ""]
    together = encode(PromptEncoder(family, "chunk", 8), *texts)
    for text, one in zip(texts, together, strict=True):
        (alone,) = encode(PromptEncoder(family, "chunk", 8), text)
        torch.testing.assert_close(one.states, alone.states)


def test_cut_equals_diffusers_and_says_so(pipe: Any, family: Counting) -> None:
    (ours,) = encode(PromptEncoder(family, "cut", 8), LONG)
    torch.testing.assert_close(ours.states, plain_states(pipe, LONG))
    assert ours.note == "prompt cut at 14 of 26 tokens"


def test_chunks_are_the_windows_of_the_parts_end_to_end(pipe: Any, family: Counting) -> None:
    (ours,) = encode(PromptEncoder(family, "chunk", 8), " ".join(LONG))
    parts = [" ".join(LONG[:ROOM]), " ".join(LONG[ROOM:])]
    expected = torch.cat([plain_states(pipe, part) for part in parts], dim=1)
    torch.testing.assert_close(ours.states, expected)
    assert ours.note == "prompt of 26 tokens encoded in windows of 14"


def test_a_short_text_is_padded_with_empty_windows(pipe: Any, family: Counting) -> None:
    (ours,) = encode(PromptEncoder(family, "chunk", 8), "fox", windows=2)
    expected = torch.cat([plain_states(pipe, "fox"), plain_states(pipe, "")], dim=1)
    torch.testing.assert_close(ours.states, expected)
    assert ours.note is None


def test_what_was_encoded_is_remembered_up_to_the_limit(family: Counting) -> None:
    encoder = PromptEncoder(family, "chunk", cache_entries=2)
    encode(encoder, "a", "b")
    encode(encoder, "a", "b", "a")
    assert family.windows == 2
    encode(encoder, "c")
    encode(encoder, "a")
    assert family.windows == 3
    encode(encoder, "b")
    assert family.windows == 4, "the least recently used was forgotten"


def test_the_same_text_twice_is_encoded_once(family: Counting) -> None:
    encode(PromptEncoder(family, "chunk", 8), "a", "a", "a")
    assert family.windows == 1


def test_an_adapter_has_embeddings_of_its_own(family: Counting) -> None:
    encoder = PromptEncoder(family, "chunk", 8)
    encoder.encode([Wanted("a", 1, None)])
    encoder.encode([Wanted("a", 1, "style")])
    assert family.windows == 2


@torch.inference_mode()
def test_xl_equals_diffusers() -> None:
    pipe = tiny.build_tiny_xl_pipeline()
    encoder = PromptEncoder(StableDiffusionXLFamily(pipe), "chunk", 8)
    prompt, absent, empty = encode(encoder, "fox", None, "")
    states, zeros, pooled, zero_pooled = pipe.encode_prompt("fox", device="cpu")
    torch.testing.assert_close(prompt.states, states)
    torch.testing.assert_close(prompt.pooled, pooled)
    torch.testing.assert_close(absent.states, zeros)
    torch.testing.assert_close(absent.pooled, zero_pooled)
    assert not torch.equal(empty.states, zeros), "an empty negative prompt is a text"
