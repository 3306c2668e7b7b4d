"""The denoiser's training: it starts from a known model, learns, is kept, and goes on."""

import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import torch

from tests.training.first.banks import a_cache
from training.cache import Cache, load_state, save_state
from training.first import text
from training.first.networks import Denoiser
from training.first.unet import AVERAGE_EVERY, Options, Run
from training.warm import take_tokenizer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run takes of an earlier model: its denoiser, its words and their tokenizer."""
    made = tmp_path_factory.mktemp("model")
    torch.manual_seed(3)
    known = Denoiser(made / "words")
    known.unet.save_pretrained(made / "unet")
    known.text_encoder.save_pretrained(made / "text_encoder")
    known.tokenizer.save_pretrained(made / "tokenizer")
    return made


@pytest.fixture
def options(folder: Path, tmp_path: Path) -> Options:
    """A run of one process that ends after the first average."""
    cache = a_cache(tmp_path)
    take_tokenizer(folder, cache.file("tokenizer/x").parent)
    return Options(
        cache=cache.root,
        seed=0,
        minutes=1e-5,
        processes=1,
        batch=4,
        peak=1e-3,
        hold=0.6,
        sheet_minutes=0,
        start=folder,
        favor=1.0,
        device="cpu",
        workers=0,
    )


def test_it_starts_from_a_folder_and_from_the_words_of_their_own_stage(options: Options) -> None:
    known = Run(options, 0).model.state_dict()
    cache = Cache(options.cache)
    torch.manual_seed(4)
    reader = text.Reader(cache)
    save_state(cache.file(text.CHECKPOINT), {"model": reader.state_dict()})
    taught = Run(options, 0).model.state_dict()
    words = {f"text_encoder.{name}": v for name, v in reader.text_encoder.state_dict().items()}
    for name, value in taught.items():
        torch.testing.assert_close(value, words.get(name, known[name]))
    alone = Run(replace(options, start=None), 0).model.state_dict()
    assert not torch.equal(alone["unet.conv_in.weight"], known["unet.conv_in.weight"])


def test_it_learns_is_kept_and_goes_on(options: Options) -> None:
    run = Run(options, 0)
    before = [parameter.detach().clone() for parameter in run.model.parameters()]
    run.loop()
    assert run.step == AVERAGE_EVERY
    assert run.samples == options.batch * AVERAGE_EVERY
    assert any(not torch.equal(a, b) for a, b in zip(before, run.model.parameters(), strict=True))
    assert load_state(run.checkpoint) is not None
    again = Run(options, 0)
    assert (again.step, again.samples) == (run.step, run.samples)
    torch.testing.assert_close(again.model.state_dict(), run.model.state_dict())
    torch.testing.assert_close(again.ema, run.ema)
    assert again.budget.over


STARTS_ONE = """
import pickle, sys
from multiprocessing import get_context
from training.first.unet import work

if __name__ == "__main__":
    options = pickle.loads(sys.stdin.buffer.read())
    child = get_context("spawn").Process(target=work, args=(0, options))
    child.start()
    print(child.pid, flush=True)
    child.join()
"""


def test_a_run_ends_when_the_process_that_started_it_was_killed(
    options: Options, tmp_path: Path
) -> None:
    script = tmp_path / "starts_one.py"
    script.write_text(STARTS_ONE, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, str(script)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as first:
        assert first.stdin is not None
        assert first.stdout is not None
        first.stdin.write(pickle.dumps(replace(options, minutes=60)))
        first.stdin.close()
        child = psutil.Process(int(first.stdout.readline()))
        first.kill()
    child.wait(120)
    assert not child.is_running()
