"""A small report that tests change, and a parser of its page."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser

from engines.evidence.report.page import render_report
from engines.types.datasets.reports import DatasetReport

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def report(**changes: object) -> DatasetReport:
    plain = DatasetReport(name="birds", made_at=NOW, images=1234, size_bytes=3 * 2**20)
    return plain.model_copy(update=changes)


class Page(HTMLParser):
    """Collects the tags, attributes and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self._cells: list[list[str]] = []
        self._in_style = self._in_row = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self._in_style = tag == "style"
        if tag == "tr":
            self._cells.append([])
            self._in_row = True
        elif tag in ("td", "th") and self._cells:
            self._cells[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False
        self._in_row = self._in_row and tag not in ("tr", "table")

    def handle_data(self, data: str) -> None:
        if self._in_style:
            return
        self.words.append(data)
        if self._in_row and self._cells[-1]:
            self._cells[-1][-1] += data

    @property
    def rows(self) -> list[list[str]]:
        return [[" ".join(cell.split()) for cell in row] for row in self._cells]

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def page(**changes: object) -> Page:
    return Page(render_report(report(**changes)))
