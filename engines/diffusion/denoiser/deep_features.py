"""Reuse the deep features of a UNet between steps: DeepCache (Ma et al., 2023, arXiv:2312.00858).

The output of a UNet's deep layers changes little from one denoising step to the next. So a row may
keep that output and, at its next evaluations, run only the outer layers. Rows that reuse it and
rows that compute it share one forward pass: the outer layers run for all rows, the deep layers
only for the rows that need them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

_DOWN = ("DownBlock2D", "CrossAttnDownBlock2D")
_UP = ("UpBlock2D", "CrossAttnUpBlock2D")


def can_split(unet: Any) -> bool:
    """Whether `SplitForward` supports the structure of this UNet."""
    return (
        type(unet).__name__ == "UNet2DConditionModel"
        and type(unet.down_blocks[0]).__name__ in _DOWN
        and type(unet.up_blocks[-1]).__name__ in _UP
        and unet.config.class_embed_type is None
        and unet.config.addition_embed_type != "image_hint"
        and len(unet.down_blocks) > 1
    )


class SplitForward:
    """One forward pass of R rows, called like the UNet itself.

    `kept`: for each row the output of the deep layers, (1, C, h, w), or None to compute it. After
    the call it holds the features of all rows. `outer`: how many layers of the last up block
    always run, at least 1.
    """

    def __init__(self, unet: Any, kept: Sequence[torch.Tensor | None], outer: int = 1) -> None:
        self.kept = list(kept)
        self._unet = unet
        self._last = unet.up_blocks[-1]
        self._outer = min(outer, len(self._last.resnets))

    def __call__(
        self,
        sample: torch.Tensor,
        timestep: torch.Tensor,
        *,
        encoder_hidden_states: torch.Tensor,
        added_cond_kwargs: Mapping[str, torch.Tensor] | None = None,
        return_dict: bool = False,
    ) -> tuple[torch.Tensor]:
        """The prediction (R, C, h, w) for latents (R, C, h, w), timesteps (R,) and text embeddings
        (R, L, D)."""
        unet = self._unet
        emb, states = self._conditions(sample, timestep, encoder_hidden_states, added_cond_kwargs)
        if unet.config.center_input_sample:
            sample = 2 * sample - 1.0
        skips = [unet.conv_in(sample)]
        first = unet.down_blocks[0]
        for index in range(self._outer - 1):
            skips.append(_layer(first, index, skips[-1], emb, states))
        fresh = [row for row, each in enumerate(self.kept) if each is None]
        if fresh:
            self._compute(fresh, skips, emb, states)
        hidden = torch.cat([each for each in self.kept if each is not None])
        for index in range(len(self._last.resnets) - self._outer, len(self._last.resnets)):
            hidden = torch.cat([hidden, skips.pop()], dim=1)
            hidden = _layer(self._last, index, hidden, emb, states)
        if unet.conv_norm_out:
            hidden = unet.conv_act(unet.conv_norm_out(hidden))
        return (unet.conv_out(hidden),)

    def _conditions(
        self,
        sample: torch.Tensor,
        timestep: torch.Tensor,
        states: torch.Tensor,
        added: Mapping[str, torch.Tensor] | None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Embeddings of timesteps and added conditions, (R, E), and the states for attention."""
        unet = self._unet
        emb = unet.time_embedding(unet.get_time_embed(sample=sample, timestep=timestep), None)
        aug = unet.get_aug_embed(emb=emb, encoder_hidden_states=states, added_cond_kwargs=added)
        emb = emb if aug is None else emb + aug
        if unet.time_embed_act is not None:
            emb = unet.time_embed_act(emb)
        return emb, unet.process_encoder_hidden_states(
            encoder_hidden_states=states, added_cond_kwargs=added
        )

    def _compute(
        self,
        fresh: Sequence[int],
        skips: Sequence[torch.Tensor],
        emb: torch.Tensor,
        states: torch.Tensor,
    ) -> None:
        """Run the deep layers for the rows of the batch whose numbers are in `fresh`, and store
        their output in `kept`."""
        unet, last = self._unet, self._last
        if len(fresh) < len(self.kept):
            rows = torch.tensor(fresh, device=emb.device)
            skips = [each[rows] for each in skips]
            emb, states = emb[rows], states[rows]
        residuals, hidden = self._down(list(skips), emb, states)
        if unet.mid_block is not None:
            hidden = _block(unet.mid_block, hidden, emb, states)
        for block in unet.up_blocks[:-1]:
            taken = tuple(residuals[-len(block.resnets) :])
            del residuals[-len(block.resnets) :]
            size = residuals[-1].shape[2:]
            hidden = _block(
                block, hidden, emb, states, res_hidden_states_tuple=taken, upsample_size=size
            )
        for index in range(len(last.resnets) - self._outer):
            hidden = torch.cat([hidden, residuals.pop()], dim=1)
            hidden = _layer(last, index, hidden, emb, states)
        for row, each in zip(fresh, hidden.split(1), strict=True):
            self.kept[row] = each

    def _down(
        self, residuals: list[torch.Tensor], emb: torch.Tensor, states: torch.Tensor
    ) -> tuple[list[torch.Tensor], torch.Tensor]:
        """Run the down blocks after the outer layers. Returns all residuals for the up blocks, and
        the output of the last block."""
        first = self._unet.down_blocks[0]
        hidden = residuals[-1]
        for index in range(self._outer - 1, len(first.resnets)):
            hidden = _layer(first, index, hidden, emb, states)
            residuals.append(hidden)
        for downsampler in first.downsamplers or ():
            hidden = downsampler(hidden)
            residuals.append(hidden)
        for block in self._unet.down_blocks[1:]:
            hidden, further = _block(block, hidden, emb, states)
            residuals.extend(further)
        return residuals, hidden


def _layer(
    block: Any, index: int, hidden: torch.Tensor, emb: torch.Tensor, states: torch.Tensor
) -> torch.Tensor:
    """Run one resnet of a block, and its attention layer if there is one."""
    hidden = block.resnets[index](hidden, emb)
    if getattr(block, "has_cross_attention", False):
        hidden = block.attentions[index](hidden, encoder_hidden_states=states, return_dict=False)[0]
    return hidden


def _block(
    block: Any, hidden: torch.Tensor, emb: torch.Tensor, states: torch.Tensor, **options: Any
) -> Any:
    """Run a whole block; the text embeddings are passed only to blocks with cross-attention."""
    if getattr(block, "has_cross_attention", False):
        options["encoder_hidden_states"] = states
    return block(hidden_states=hidden, temb=emb, **options)
