"""The page of a report. It has no script, loads nothing, and prints in black on white."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from engines.evidence.report.charts import bars_table, histogram_svg
from engines.evidence.report.failing import failing_section
from engines.evidence.report.real import comparison_section, reference_section
from engines.evidence.report.words import duration

if TYPE_CHECKING:
    from engines.types.datasets.histograms import Histogram
    from engines.types.datasets.reports import DatasetReport, JobFacts, NearDuplicates

_STYLE = """
:root{color-scheme:light dark;--ink:#1c2330;--soft:#667085;--line:#d7dce5;--fill:#3565c4;
--bad:#b3261e;--back:#fff}@media(prefers-color-scheme:dark){:root{--ink:#e7eaf0;--soft:#98a2b3;
--line:#333b49;--fill:#7aa2f7;--bad:#ff8a80;--back:#14171d}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back);
max-width:1080px;margin:2rem auto;padding:0 1rem}
h1{margin:0}h2{margin:2.2rem 0 .6rem;font-size:1.15rem}p,figcaption{color:var(--soft)}
.tiles,.charts,.sheet,.cards{display:grid;gap:12px}.charts{gap:20px}
.tiles{grid-template-columns:repeat(auto-fit,minmax(112px,1fr))}
.tiles div{border:1px solid var(--line);border-radius:8px;padding:.6rem .8rem}
.tiles b{display:block;font-size:1.5rem}
.charts{grid-template-columns:repeat(auto-fill,minmax(220px,1fr))}
.sheet{grid-template-columns:repeat(auto-fill,minmax(96px,1fr))}
.cards{grid-template-columns:repeat(auto-fill,minmax(200px,1fr))}
figure{margin:0}figure img{width:100%;border-radius:4px}
.sheet figcaption{font-size:11px;line-height:1.25;overflow:hidden;max-height:3.75em}
.cards svg{border-radius:4px}.cards rect{fill:none;stroke:var(--bad);stroke-width:2}
svg{width:100%;fill:var(--fill)}svg text{font-size:12px;fill:var(--soft)}
.mean{stroke:var(--ink);stroke-dasharray:3 3}
table{border-collapse:collapse}th,td{text-align:left;padding:.15rem .8rem .15rem 0;
vertical-align:top}td.bar{width:240px}
td.bar i{display:block;height:10px;background:var(--fill);border-radius:3px}
b,code,figcaption,li,td,th{unicode-bidi:isolate}
code{font-size:.9em;overflow-wrap:anywhere}.bad{color:var(--bad)}
@media print{:root{--ink:#000;--soft:#444;--line:#bbb;--fill:#555;--bad:#a00;--back:#fff}
body{max-width:none;margin:0;font-size:11px;print-color-adjust:exact}
h2{break-after:avoid}figure,tr,.tiles div{break-inside:avoid}}
"""


def render_report(report: DatasetReport) -> str:
    """The whole page as HTML5."""
    name = escape(report.name)
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{name}: report</title>",
        '<meta name=viewport content="width=device-width,initial-scale=1">',
        f"<style>{_STYLE}</style><h1>{name}</h1>",
        *_head(report),
        _tiles(report),
        *_declared(report),
        *_labels(report),
        *_sheet(report, "written", "Contact sheet"),
        *_distributions(report),
        *_reasons(report),
        *_near_duplicates(report.near_duplicates),
        *reference_section(report.reference),
        *comparison_section(report.comparison),
        *_sheet(report, "rejected", "Rejected"),
        *failing_section(report),
        *_made_by(report),
        "</html>\n",
    ]
    return "\n".join(parts)


def _head(report: DatasetReport) -> Iterator[str]:
    job = report.job
    if job is None:
        yield f"<p>Report of {report.made_at:%Y-%m-%d %H:%M} UTC, {report.images:,} images.</p>"
    else:
        yield (
            f"<p>Planned {job.planned_at:%Y-%m-%d %H:%M} UTC, {job.shards:,} shards. "
            f"{job.rows:,} rows in = {job.written:,} written + {job.rejected:,} rejected + "
            f"{job.failed:,} failed.</p>"
        )


def _tiles(report: DatasetReport) -> str:
    tiles = _job_tiles(report.job) if report.job else {"images": f"{report.images:,}"}
    tiles["MiB"] = f"{report.size_bytes / 2**20:,.1f}"
    for name, count in sorted(report.verdicts.items()):
        tiles[name.replace("_", " ")] = f"{count:,}"
    cells = "".join(
        f"<div><b>{escape(value)}</b>{escape(label)}</div>" for label, value in tiles.items()
    )
    return f"<div class=tiles>{cells}</div>"


def _job_tiles(job: JobFacts) -> dict[str, str]:
    rate = job.rows_now / job.elapsed_s if job.elapsed_s > 0 and job.rows_now else None
    return {
        "rows in": f"{job.rows:,}",
        "written": f"{job.written:,}",
        "rejected": f"{job.rejected:,}",
        "failed": f"{job.failed:,}",
        "images made": f"{job.attempts:,}",
        "this submission": duration(job.elapsed_s),
        "rows/s, this submission": "-" if rate is None else f"{rate:.2f}",
    }


def _labels(report: DatasetReport) -> Iterator[str]:
    if not report.labels:
        return
    wanted = any(each.wanted is not None for each in report.labels)
    yield "<h2>Labels</h2><table><tr><th>label<th>value<th>images"
    yield "<th>wanted<th>short by</tr>" if wanted else "</tr>"
    for each in report.labels:
        yield f"<tr><td>{escape(each.label)}<td>{escape(each.value)}<td>{each.count:,}"
        if wanted:
            short = max((each.wanted or 0) - each.count, 0)
            mark = f"<b class=bad>{short:,}</b>" if short else ""
            yield f"<td>{'' if each.wanted is None else f'{each.wanted:,}'}<td>{mark}"
        yield "</tr>"
    yield "</table>"


def _declared(report: DatasetReport) -> Iterator[str]:
    if report.requested is None:
        return
    yield f"<h2>Declaration</h2><p>{report.images:,} images of {report.requested:,} requested.</p>"
    if report.short:
        yield "<p>What the last run could not make:</p><ul class=bad>"
        yield from (f"<li>{escape(each.message)}</li>" for each in report.short)
        yield "</ul>"


def _distributions(report: DatasetReport) -> Iterator[str]:
    if not report.histograms:
        return
    judged = max(histogram.count for histogram in report.histograms.values())
    whose = "the last image of every row that has one" if report.job else "every judged image"
    yield f"<h2>Distributions</h2><p>Over {whose} ({judged:,}), passed or not. The dashed line is "
    yield "the mean.</p><div class=charts>"
    for name, histogram in report.histograms.items():
        yield f"<figure><b>{escape(name)}</b>{histogram_svg(name, histogram)}"
        yield f"<figcaption>{_told(histogram)}</figcaption></figure>"
    yield "</div>"


def _told(histogram: Histogram) -> str:
    """The mean, the smallest and the largest value, which are exact."""
    if histogram.mean is None:
        return "no value"
    return f"mean {histogram.mean:.3g}, {histogram.least:.3g} to {histogram.most:.3g}"


def _reasons(report: DatasetReport) -> Iterator[str]:
    whole = "Every row was written." if report.job else "No judged image failed."
    yield f"<h2>{'Why rows were not written' if report.job else 'Why images failed'}</h2>"
    yield bars_table(report.reasons) if report.reasons else f"<p>{whole}</p>"


def _near_duplicates(found: NearDuplicates | None) -> Iterator[str]:
    if found is None:
        return
    yield f"<h2>Near-duplicates</h2><p>{found.images:,} of {found.compared:,} compared images "
    yield f"look like another one ({escape(found.by)}), in {found.cluster_count:,} groups.</p>"
    if found.clusters:
        yield "<table><tr><th>images<th>keep<th>the others</tr>"
        for group in found.clusters:
            others = [f"<code>{escape(i)}</code>" for i in group.images if i != group.best]
            left = group.size - 1 - len(others)
            more = f" and {left:,} more" if left else ""
            yield f"<tr><td>{group.size:,}<td><code>{escape(group.best)}</code>"
            yield f"<td>{', '.join(others)}{more}</tr>"
        yield "</table>"
    if found.pairs:
        yield "<table><tr><th>image<th>looks like<th>bits that differ<th>distance<th></tr>"
        for pair in found.pairs[:20]:
            mirrored = "mirrored" if pair.mirrored else ""
            distance = "" if pair.distance is None else f"{pair.distance:.3f}"
            yield f"<tr><td><code>{escape(pair.left)}</code><td><code>{escape(pair.right)}</code>"
            yield f"<td>{pair.bits}<td>{distance}<td>{mirrored}</tr>"
        yield "</table>"


def _sheet(report: DatasetReport, group: str, title: str) -> Iterator[str]:
    shown = [thumbnail for thumbnail in report.sheet if thumbnail.group == group]
    if not shown:
        return
    yield f"<h2>{title}</h2><div class=sheet>"
    for thumbnail in shown:
        caption = escape(thumbnail.caption, quote=True)
        yield f'<figure title="{caption}"><img alt="{caption}" '
        yield f'src="data:image/jpeg;base64,{escape(thumbnail.jpeg)}">'
        yield f"<figcaption>{caption}</figcaption></figure>"
    yield "</div>"


def _made_by(report: DatasetReport) -> Iterator[str]:
    if report.made_by or report.settings or report.digest or report.not_looked_at:
        yield "<h2>How it was made and judged</h2><table>"
        for kind, counts in sorted(report.made_by.items()):
            for name, count in sorted(counts.items()):
                yield f"<tr><th>{escape(kind)}<td><code>{escape(name)}</code>"
                yield f"<td>{count:,} images</tr>"
        for name, value in sorted(report.settings.items()):
            yield f"<tr><th>{escape(name)}<td colspan=2><code>{escape(str(value))}</code></tr>"
        for name, text in (("digest of the images", report.digest), ("version", report.version)):
            if text:
                yield f"<tr><th>{name}<td colspan=2><code>{escape(text)}</code></tr>"
        yield "</table>"
    for words in report.not_looked_at:
        yield f"<p class=bad>Not looked at: {escape(words)}</p>"
