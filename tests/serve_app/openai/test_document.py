"""The example of docs/openai.md does what it says."""

from __future__ import annotations

import pytest

from serve_app.config import ApiConfig
from tests.serve_app.api import KEY, Api, build_api
from tests.serve_app.documented import LOCAL, blocks
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import PNG
from tests.serve_app.flow.test_over_uvicorn import serving


def test_the_example_runs_word_for_word(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = blocks("docs/openai.md", "python")
    for served in serving(build_api(FakeServices(), ApiConfig(rates=Api.GENEROUS))):
        exec(compile(example.replace(LOCAL, served.url("")), "openai.md", "exec"), {"KEY": KEY})
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1:] for line in lines[:2]] == [["7", str(len(PNG))], ["8", str(len(PNG))]]
    assert lines[0].startswith("/data/generated/foxes/image_")
    assert [line.split()[:2] for line in lines[2:4]] == [["preview", "0"], ["preview", "1"]]
    assert lines[4].startswith("done /data/generated/image_")
    assert lines[5] == "['runwayml/stable-diffusion-v1-5']"
