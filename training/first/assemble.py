"""Stage 6: put the trained parts into a diffusers folder. ``python -m training.first.assemble``."""

import shutil
from pathlib import Path

import torch
from diffusers import AutoencoderTiny, StableDiffusionPipeline

from training.cache import Cache, load_state, parser
from training.first.decoder import load_decoder
from training.first.encoder import load_encoder
from training.first.networks import Denoiser, build_pipeline, build_vae


def load_denoiser(cache: Cache, name: str = "unet.pt", *, ema: bool = True) -> Denoiser:
    """Return the denoiser of a checkpoint, by default with the EMA weights. Raises
    FileNotFoundError if there is none."""
    state = load_state(cache.file(name))
    if state is None:
        raise FileNotFoundError(cache.file(name))
    model = Denoiser(cache.file("tokenizer/x").parent)
    model.load_state_dict(state["model"])
    if ema:
        with torch.no_grad():
            for parameter, mean in zip(model.parameters(), list(state["ema"]), strict=True):
                parameter.copy_(mean)
    return model.eval()


def pipeline(
    cache: Cache, name: str = "unet.pt", decoder: Path | None = None
) -> StableDiffusionPipeline:
    """Return the stock pipeline in float32 with the trained weights of the cache. ``decoder``:
    folder of a model whose decoder and encoder are used instead of those of the cache."""
    denoiser = load_denoiser(cache, name)
    if decoder is not None:
        known = AutoencoderTiny.from_pretrained(decoder / "vae", torch_dtype=torch.float32)
        return build_pipeline(denoiser, known)
    vae = build_vae()
    vae.decoder.layers.load_state_dict(load_decoder(cache).layers.state_dict())
    if (encoder := load_encoder(cache)) is not None:
        vae.encoder.layers.load_state_dict(encoder.layers.state_dict())
    return build_pipeline(denoiser, vae)


def main() -> None:
    """Write the model in float16; other files in the folder (card, licenses) stay."""
    made = parser(__doc__)
    made.add_argument("--out", type=Path, default=Path("models/inferloop-mini"))
    made.add_argument(
        "--weights", default="unet.pt", help="file name of the checkpoint in the cache"
    )
    made.add_argument("--decoder", type=Path, help="folder of the model whose decoder is kept")
    args = made.parse_args()
    ready = pipeline(Cache(args.cache), args.weights, args.decoder).to(torch.float16)
    for part in ("unet", "vae", "text_encoder", "tokenizer", "scheduler"):
        shutil.rmtree(args.out / part, ignore_errors=True)
    ready.save_pretrained(args.out, safe_serialization=True)
    size = sum(f.stat().st_size for f in args.out.rglob("*") if f.is_file())
    print(f"assemble: {args.out}, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
