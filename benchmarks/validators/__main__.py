"""Measures both validators: recall, false alarms and cost.

    python -m benchmarks.validators [--only privacy|quality|scaling] [--quick] [--photos FOLDER]
        [--pictures FOLDER]

Prints tables in Markdown:
- families of severe defects by level, and kinds of good pictures, which must pass (`--pictures`: a
  folder for each kind, as `benchmarks.validators.pictures.licensed` makes);
- recall and false alarms of faces, text and scripts, compared with other backends and settings;
- personal data found in labeled strings;
- rank correlation (Spearman) of the quality score with the level of each of seven distortions;
- CPU milliseconds at 512 x 512 and 1920 x 1080;
- how the work scales with workers, replicas and batches.
`--photos` is a folder of your own photographs. For privacy it needs a `labels.json`
(benchmarks/validators/privacy.py).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.validators import privacy as validators_privacy
from benchmarks.validators import privacy_recall
from benchmarks.validators import quality as validators_quality
from benchmarks.validators import scaling as validators_scaling

_RENDERS, _QUICK_RENDERS, _QUICK_PHOTOS = 60, 8, 4
_SECONDS, _QUICK_SECONDS = 4.0, 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=("privacy", "quality", "scaling"))
    parser.add_argument(
        "--quick", action="store_true", help="few images, only to test that it runs"
    )
    parser.add_argument("--photos", type=Path, help="folder of photographs")
    parser.add_argument(
        "--pictures", type=Path, help="folder with one folder of good pictures for each kind"
    )
    options = parser.parse_args()
    count = _QUICK_PHOTOS if options.quick else None
    if options.only in (None, "privacy"):
        print("\n## Privacy")
        renders = _QUICK_RENDERS if options.quick else _RENDERS
        validators_privacy.report(_labeled(options.photos), renders, count)
        if not options.quick:
            privacy_recall.report(privacy_recall.FONTS)
    if options.only in (None, "quality"):
        print("\n## Quality\n")
        validators_quality.report(options.photos, count, options.pictures)
    if options.only in (None, "scaling"):
        print("\n## Scaling")
        validators_scaling.report(_QUICK_SECONDS if options.quick else _SECONDS)


def _labeled(folder: Path | None) -> Path | None:
    if folder is None or (folder / "labels.json").is_file():
        return folder
    print(f"\n{folder} has no labels.json: privacy is measured on the installed photographs only")
    return None


if __name__ == "__main__":
    main()
