"""From a declaration to a trained classifier: make 500 labeled images, export them, train on them,
and test on images of other seeds.

    python examples/labeled_places/train.py --root /tmp/places

Takes some minutes on two cores, most of them for the images; a second run finds them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import torch
import yaml
from datasets import load_dataset
from torch.utils.data import DataLoader

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from batch.declared.config import load_declared_config  # noqa: E402
from batch.declared.here import make_here  # noqa: E402
from batch.declared.running import tell  # noqa: E402
from batch.declared.wiring import DeclaredWiring  # noqa: E402
from engines.datasets.export_config import ExportConfig  # noqa: E402
from engines.datasets.spec.model import DatasetSpec  # noqa: E402
from engines.datasets.spec.plan import DatasetPlan  # noqa: E402
from engines.datasets.store import DatasetStore  # noqa: E402
from engines.datasets.writers.exporter import DatasetExporter  # noqa: E402
from engines.types import ExportFilter, ExportRequest  # noqa: E402

SPEC = Path(__file__).with_name("places.yaml")
SHOWN_PX = 32
"""Side that the classifier sees."""
Batch = tuple[torch.Tensor, torch.Tensor]


def main(arguments: list[str] | None = None) -> float:
    """Make, export, train, test; the accuracy on held-out images, 0..1."""
    asked = _arguments().parse_args(arguments)
    spec = yaml.safe_load(SPEC.read_text(encoding="utf-8"))
    spec["quotas"] = {"place": asked.per_class}
    held_out = {**spec, "name": "places-held-out", "seed": spec["seed"] + 1}
    held_out["quotas"] = {"place": max(1, asked.per_class // 5)}
    made, fresh = (_exported(each, asked.root) for each in (spec, held_out))
    classes, model = _trained(made, asked.root, asked.epochs)
    accuracy = _accuracy(model, _batches(fresh, asked.root))
    told = f"{len(classes)} classes: {', '.join(classes)}; held-out accuracy {accuracy:.2f}"
    sys.stdout.write(f"{told}\n")
    return accuracy


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="data root for images and exports")
    parser.add_argument("--per-class", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=40)
    return parser


def _exported(spec: dict[str, object], root: Path) -> Path:
    """Make the dataset, and export what passed its checks; the Parquet file."""
    plan = DatasetPlan(DatasetSpec.model_validate(spec))
    wiring = DeclaredWiring(load_declared_config(None), str(root), str(REPOSITORY / "models"))
    tell(make_here(plan, wiring, sys.stdout), sys.stdout)
    storage = wiring.storage()
    exporter = DatasetExporter(storage, DatasetStore(storage), ExportConfig())
    name = plan.spec.name
    request = ExportRequest(
        "parquet", f"generated/{name}", f"exports/{name}.parquet", filter=ExportFilter()
    )
    return root / exporter.export(request).output_key


def _batches(file: Path, root: Path) -> DataLoader[Batch]:
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


def _trained(file: Path, root: Path, epochs: int) -> tuple[list[str], torch.nn.Module]:
    torch.manual_seed(0)
    batches = _batches(file, root)
    classes: list[str] = batches.dataset.features["label_place"].names  # type: ignore[attr-defined]
    model = torch.nn.Sequential(*_layers(len(classes)))
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    kept = list(batches)  # decoded once
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
def _accuracy(model: torch.nn.Module, batches: DataLoader[Batch]) -> float:
    right = total = 0
    for images, numbers in batches:
        right += int((model(images).argmax(1) == numbers).sum())
        total += len(numbers)
    return right / total


if __name__ == "__main__":
    main()
