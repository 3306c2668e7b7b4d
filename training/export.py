"""Stage 7: put the trained parts into a diffusers folder. ``python -m training.export``."""

import io
import shutil
import tarfile
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline

from training import autoencoder, denoise
from training.cache import Cache, parser
from training.networks.parts import FULL, Widths, build_pipeline

PARTS = ("unet", "vae", "text_encoder", "tokenizer", "scheduler")
PARCEL_BYTES = 15 * 2**20


def pipeline(cache: Cache, widths: Widths = FULL) -> StableDiffusionPipeline:
    """Return the stock pipeline in float32 with the trained weights of the cache."""
    return build_pipeline(denoise.load(cache, widths), autoencoder.load(cache, widths))


def write_folder(cache: Cache, out: Path, widths: Widths = FULL) -> int:
    """Write the model in float16 into the folder, which keeps its other files. Returns the size of
    the folder in bytes."""
    for part in PARTS:
        shutil.rmtree(out / part, ignore_errors=True)
    pipeline(cache, widths).to(torch.float16).save_pretrained(out, safe_serialization=True)
    return sum(f.stat().st_size for f in out.rglob("*") if f.is_file())


def parcels(folder: Path, out: Path) -> list[Path]:
    """Write a folder as a tar file in pieces of at most 15 MiB, which ``cat`` joins. Returns the
    paths of the pieces."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as tar:
        tar.add(folder, arcname=folder.name)
    data, made = held.getvalue(), []
    for at in range(0, len(data), PARCEL_BYTES):
        path = out / f"{folder.name}.tar.{at // PARCEL_BYTES}"
        path.write_bytes(data[at : at + PARCEL_BYTES])
        made.append(path)
    return made


def main() -> None:
    """Write the model in float16; other files in the folder (card, licenses) stay."""
    made = parser(__doc__)
    made.add_argument("--out", type=Path, default=Path("models/inferloop-mini"))
    args = made.parse_args()
    size = write_folder(Cache(args.cache), args.out)
    print(f"export: {args.out}, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
