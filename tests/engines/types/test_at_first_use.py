"""Names of a package whose modules wait until they are needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engines.types.at_first_use import at_first_use


def test_a_name_is_what_its_module_defines() -> None:
    look_up = at_first_use("json", {"JSONDecoder": "decoder", "py_scanstring": "decoder"})
    from json.decoder import JSONDecoder, py_scanstring  # type: ignore[attr-defined]

    assert look_up("JSONDecoder") is JSONDecoder
    assert look_up("py_scanstring") is py_scanstring


def test_any_other_name_is_refused_as_every_module_refuses_it() -> None:
    look_up = at_first_use("json", {"JSONDecoder": "decoder"})
    with pytest.raises(AttributeError, match="module 'json' has no attribute 'Decoder'"):
        look_up("Decoder")


def test_every_name_that_a_package_offers_can_be_had() -> None:
    from engines import privacy, profiles, quality

    for package in (privacy, profiles, quality):
        for name in package.__all__:
            assert getattr(package, name) is not None
        assert not hasattr(package, "no_such_name")


def test_reading_the_configuration_loads_nothing_of_what_it_configures() -> None:
    """Every process of the service reads it, and each library here costs a fifth of a second and
    more, and tens of megabytes."""
    code = (
        "import sys\n"
        "import engines.privacy.config, engines.profiles.config, engines.quality.config\n"
        "import engines.privacy, engines.profiles, engines.quality, engines.storage.opening\n"
        "heavy = {'boto3', 'botocore', 'onnxruntime', 'torch', 'engines.privacy.pii.patterns'}\n"
        "found = heavy & set(sys.modules)\n"
        "sys.exit(f'loaded: {found}' if found else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
