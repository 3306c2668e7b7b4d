"""What mkdocs calls while it builds the site: adds the pages that are made of the code."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # mkdocs loads this file by its path alone


_OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./(?!\.\.)([^)#]+)[^)]*\)")
"""A link from the top of `docs/` to a file that the repository has and the site has not."""


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links that lead out of `docs/` become the names of the files."""
    if "/" in page.file.src_uri:
        return markdown
    return _OUTSIDE.sub(r"\1 (`\2` of the repository)", markdown)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The generated pages beside the written ones."""
    from docs.site import command_page, endpoint_page, metric_page, sdk_page, settings_page

    for name, page in (
        ("settings", settings_page.page),
        ("endpoints", endpoint_page.page),
        ("command_line", command_page.page),
        ("python", sdk_page.page),
        ("metrics", metric_page.page),
    ):
        files.append(File.generated(config, f"reference/{name}.md", content=page()))
    return files
