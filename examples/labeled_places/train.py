"""From a declaration to a trained classifier: make 500 labeled images, export them, train on them,
and test on images of other seeds.

    python examples/labeled_places/train.py --root /tmp/places

Takes some minutes on two cores, most of them for the images; a second run finds them. The notebook
beside this file goes the same way step by step.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
import yaml
from datasets import load_dataset
from torch.utils.data import DataLoader

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from batch.declared.config import load_declared_config  # noqa: E402
from batch.declared.here import make_here  # noqa: E402
from batch.declared.maker import MakerWiring  # noqa: E402
from batch.declared.running import tell  # noqa: E402
from batch.declared.wiring import DeclaredWiring  # noqa: E402
from engines.datasets.export_config import ExportConfig  # noqa: E402
from engines.datasets.spec.model import DatasetSpec  # noqa: E402
from engines.datasets.spec.plan import DatasetPlan  # noqa: E402
from engines.datasets.store.store import DatasetStore  # noqa: E402
from engines.datasets.writers.exporter import DatasetExporter  # noqa: E402
from engines.types import ExportFilter, ExportRequest  # noqa: E402

SPEC = Path(__file__).with_name("places.yaml")
SHOWN_PX = 32
"""Side that the classifier sees."""
Batch = tuple[torch.Tensor, torch.Tensor]
WiringOf = Callable[[Path], MakerWiring]
"""Data root to what makes images in it."""


def embedded(root: Path) -> MakerWiring:
    """The embedded model, as the local service runs it."""
    return DeclaredWiring(load_declared_config(None), str(root), str(REPOSITORY / "models"))


def main(arguments: list[str] | None = None, wiring_of: WiringOf = embedded) -> float:
    """Make, export, train, test; the accuracy on held-out images, 0..1. `wiring_of` says what makes
    the images: a test hands in an engine that takes no time."""
    asked = _arguments().parse_args(arguments)
    spec, held_out = declared(asked.spec, asked.per_class)
    made, fresh = (exported(each, asked.root, wiring_of) for each in (spec, held_out))
    classes, model = trained(made, asked.root, asked.epochs)
    share = accuracy(model, batches(fresh, asked.root))
    told = f"{len(classes)} classes: {', '.join(classes)}; held-out accuracy {share:.2f}"
    sys.stdout.write(f"{told}\n")
    return share


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="data root for images and exports")
    parser.add_argument("--spec", type=Path, default=SPEC, help="the declaration (places.yaml)")
    parser.add_argument("--per-class", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=40)
    return parser


def declared(file: Path, per_class: int) -> tuple[DatasetSpec, DatasetSpec]:
    """The declaration with so many images of each class, and one of a fifth of them whose images
    are others: they follow from another seed."""
    spec = yaml.safe_load(file.read_text(encoding="utf-8"))
    spec["quotas"] = {"place": per_class}
    held_out = {**spec, "name": f"{spec['name']}-held-out", "seed": spec["seed"] + 1}
    held_out["quotas"] = {"place": max(1, per_class // 5)}
    return DatasetSpec.model_validate(spec), DatasetSpec.model_validate(held_out)


def exported(spec: DatasetSpec, root: Path, wiring_of: WiringOf = embedded) -> Path:
    """Make the dataset, what is there already excepted, and export it; the Parquet file."""
    wiring = wiring_of(root)
    tell(make_here(DatasetPlan(spec), wiring, sys.stdout), sys.stdout)
    storage = wiring.storage()
    exporter = DatasetExporter(storage, DatasetStore(storage), ExportConfig())
    request = ExportRequest(
        "parquet", f"generated/{spec.name}", f"exports/{spec.name}.parquet", filter=ExportFilter()
    )
    return root / exporter.export(request).output_key


def batches(file: Path, root: Path) -> DataLoader[Batch]:
    """The images as float32 (batch, 3, 32, 32), 0..1, and the numbers of their classes."""
    rows = load_dataset(
        "parquet", data_files=str(file), split="train", cache_dir=str(root / "cache")
    )

    def collate(batch: list[dict[str, object]]) -> Batch:
        return torch.stack([_seen(row["image"]) for row in batch]), torch.tensor(
            [row["label_place"] for row in batch]
        )

    return DataLoader(rows, batch_size=32, shuffle=True, collate_fn=collate)


def _seen(image: object) -> torch.Tensor:
    small = image.convert("RGB").resize((SHOWN_PX, SHOWN_PX))  # type: ignore[attr-defined]
    flat = torch.frombuffer(bytearray(small.tobytes()), dtype=torch.uint8)
    return flat.reshape(SHOWN_PX, SHOWN_PX, 3).permute(2, 0, 1).float() / 255


def trained(file: Path, root: Path, epochs: int) -> tuple[list[str], torch.nn.Module]:
    """A small network, trained on the images of the Parquet file; the classes' names first."""
    torch.manual_seed(0)
    loader = batches(file, root)
    classes: list[str] = loader.dataset.features["label_place"].names  # type: ignore[attr-defined]
    model = torch.nn.Sequential(*_layers(len(classes)))
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    kept = list(loader)  # decoded once
    for _ in range(epochs):
        for images, numbers in kept:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(images), numbers).backward()
            optimizer.step()
    return classes, model


def _layers(classes: int) -> Iterator[torch.nn.Module]:
    for before, after in ((3, 16), (16, 32), (32, 64)):
        yield torch.nn.Conv2d(before, after, 3, padding=1)
        yield torch.nn.ReLU()
        yield torch.nn.MaxPool2d(2)
    yield torch.nn.Flatten()
    yield torch.nn.Linear(64 * (SHOWN_PX // 8) ** 2, classes)


@torch.no_grad()
def accuracy(model: torch.nn.Module, held_out: DataLoader[Batch]) -> float:
    """Share of the images whose class is right."""
    right = total = 0
    for images, numbers in held_out:
        right += int((model(images).argmax(1) == numbers).sum())
        total += len(numbers)
    return right / total


if __name__ == "__main__":
    main()
