"""Every block of code in the documents runs in a test, or says that it is an excerpt and why."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from tests.documents.fenced import DOCUMENTS, ROOT, Block, blocks
from tests.documents.pages import RUN

PROGRAMS = {"python", "bash", "sh", "console"}
ELSEWHERE = {
    "docs/jobs.md": "tests/serve_app/routes/test_document_on_jobs.py",
    "docs/howto/certificates.md": "tests/documents/test_certificates.py",
    "docs/howto/own_ray_cluster.md": "tests/documents/test_own_ray_cluster.py",
    "docs/openai.md": "tests/serve_app/openai/test_document.py",
}
"""Documents whose programs a test of their own runs."""
EXAMPLES = ROOT / "tests" / "contract" / "examples"
EVERY = [block for document in DOCUMENTS for block in blocks(document)]


def name(block: Block) -> str:
    return f"{block.document}:{block.line}"


@pytest.mark.parametrize("block", EVERY, ids=name)
def test_a_block_is_run_or_says_why_not(block: Block) -> None:
    if block.language == "json":
        json.loads(block.text)
    elif block.language == "yaml":
        yaml.safe_load(block.text)
    elif block.language in PROGRAMS and block.excerpt is None:
        if block.document in ELSEWHERE:
            test = (ROOT / ELSEWHERE[block.document]).read_text(encoding="utf-8")
            assert block.document in test
        else:
            assert block.document in RUN


def test_the_contract_s_examples_are_those_that_the_contract_s_tests_send() -> None:
    page = [
        json.loads(b.text)
        for b in EVERY
        if b.document.endswith("contract.md") and b.language == "json"
    ]
    sent = [json.loads(path.read_text(encoding="utf-8")) for path in EXAMPLES.glob("*.json")]
    assert len(page) == len(sent)
    assert all(example in sent for example in page)


def test_an_excerpt_and_its_reason_are_found(tmp_path: Path) -> None:
    page = ROOT / "docs" / "howto" / "air_gapped.md"
    found = list(blocks(page))
    assert [block.excerpt for block in found if block.language == "yaml"] == ["a part of a config"]
    assert all(not block.text.startswith(" ") for block in found)
    assert len(EVERY) > 60


def anchors(path: Path) -> set[str]:
    """What the headings of a document are called in links."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_of_the_readme_leads_somewhere() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert len(links) > 30
    for link in links:
        path, _, anchor = link.partition("#")
        assert (ROOT / path).exists(), link
        assert not anchor or anchor in anchors(ROOT / path), link
