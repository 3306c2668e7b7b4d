"""`report.html`: one file that says how the job went. No script, nothing loaded from anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from batch.output.near_duplicates import NearDuplicates
from batch.output.totals import Totals
from batch.planning.plan import Plan
from batch.progress import duration
from batch.report.charts import bars_table, histogram_svg
from batch.report.histograms import Histogram
from engines.types import Comparison

_STYLE = """
:root{color-scheme:light dark;--ink:#1c2330;--soft:#667085;--line:#d7dce5;--fill:#3565c4;
--back:#fff}@media(prefers-color-scheme:dark){:root{--ink:#e7eaf0;--soft:#98a2b3;--line:#333b49;
--fill:#7aa2f7;--back:#14171d}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back);
max-width:1080px;margin:2rem auto;padding:0 1rem}
h1{margin:0}h2{margin:2.2rem 0 .6rem;font-size:1.15rem}p,figcaption{color:var(--soft)}
.tiles,.charts,.sheet{display:grid;gap:12px}.charts{gap:20px}
.tiles{grid-template-columns:repeat(auto-fit,minmax(112px,1fr))}
.tiles div{border:1px solid var(--line);border-radius:8px;padding:.6rem .8rem}
.tiles b{display:block;font-size:1.5rem}
.charts{grid-template-columns:repeat(auto-fill,minmax(220px,1fr))}
.sheet{grid-template-columns:repeat(auto-fill,minmax(96px,1fr))}
figure{margin:0}figure img{width:100%;border-radius:4px}
.sheet figcaption{font-size:11px;line-height:1.25;overflow:hidden;max-height:3.75em}
svg{width:100%;fill:var(--fill)}svg text{font-size:12px;fill:var(--soft)}
.mean{stroke:var(--ink);stroke-dasharray:3 3}
table{border-collapse:collapse}th,td{text-align:left;padding:.15rem .8rem .15rem 0}
td.bar{width:240px}td.bar i{display:block;height:10px;background:var(--fill);border-radius:3px}
code{font-size:.9em}
"""


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """What the report shows beside the sums over the shards."""

    plan: Plan
    elapsed_s: float
    """Of this submission."""
    rows_now: int
    """Rows that this submission ended; earlier ones ended the rest."""
    near_duplicates: NearDuplicates
    comparison: Comparison | None = None


def render_report(totals: Totals, facts: ReportFacts) -> str:
    """The whole page."""
    name = escape(facts.plan.name)
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{name}: report</title>",
        '<meta name=viewport content="width=device-width,initial-scale=1">',
        f"<style>{_STYLE}</style>",
        f"<h1>{name}</h1><p>Planned {facts.plan.created_at:%Y-%m-%d %H:%M} UTC, "
        f"{facts.plan.shards:,} shards. {totals.rows:,} rows in = {totals.written:,} written + "
        f"{totals.rejected:,} rejected + {totals.failed:,} failed.</p>",
        _tiles(totals, facts),
        *_sheet(totals, "written", "Contact sheet"),
        *_distributions(totals),
        *_reasons(totals),
        *_near_duplicates(facts.near_duplicates),
        *_comparison(facts.comparison),
        *_sheet(totals, "rejected", "Rejected"),
        "</html>\n",
    ]
    return "\n".join(parts)


def _tiles(totals: Totals, facts: ReportFacts) -> str:
    rate = facts.rows_now / facts.elapsed_s if facts.elapsed_s > 0 and facts.rows_now else None
    tiles = {
        "rows in": f"{totals.rows:,}",
        "written": f"{totals.written:,}",
        "rejected": f"{totals.rejected:,}",
        "failed": f"{totals.failed:,}",
        "images made": f"{totals.attempts:,}",
        "MiB": f"{totals.size_bytes / 2**20:,.1f}",
        "this submission": duration(facts.elapsed_s),
        "rows/s, this submission": "-" if rate is None else f"{rate:.2f}",
    }
    cells = "".join(f"<div><b>{value}</b>{label}</div>" for label, value in tiles.items())
    return f"<div class=tiles>{cells}</div>"


def _distributions(totals: Totals) -> Iterator[str]:
    if not totals.histograms:
        return
    judged = max(histogram.count for histogram in totals.histograms.values())
    yield f"<h2>Distributions</h2><p>Over the last image of every row that has one ({judged:,}), "
    yield "written or rejected. The dashed line is the mean.</p><div class=charts>"
    for name, histogram in totals.histograms.items():
        yield f"<figure><b>{escape(name)}</b>{histogram_svg(name, histogram)}"
        yield f"<figcaption>{_told(histogram)}</figcaption></figure>"
    yield "</div>"


def _told(histogram: Histogram) -> str:
    """The numbers themselves, exact where a bin is coarse."""
    if histogram.mean is None:
        return "no value"
    return f"mean {histogram.mean:.3g}, {histogram.least:.3g} to {histogram.most:.3g}"


def _reasons(totals: Totals) -> Iterator[str]:
    yield "<h2>Why rows were not written</h2>"
    yield bars_table(totals.reasons) if totals.reasons else "<p>Every row was written.</p>"


def _near_duplicates(found: NearDuplicates) -> Iterator[str]:
    yield f"<h2>Near-duplicates</h2><p>{found.images:,} of {found.compared:,} compared images "
    yield "look like another one (perceptual hash, mirrored ones too).</p>"
    if found.pairs:
        yield "<table><tr><th>image<th>looks like<th>bits that differ<th></tr>"
        for pair in found.pairs[:20]:
            mirrored = "mirrored" if pair.mirrored else ""
            yield f"<tr><td><code>{pair.left}</code><td><code>{pair.right}</code>"
            yield f"<td>{pair.distance}<td>{mirrored}</tr>"
        yield "</table>"


def _comparison(comparison: Comparison | None) -> Iterator[str]:
    if comparison is None:
        return
    yield f"<h2>Compared with the profile {escape(comparison.right)}</h2>"
    yield f"<p>Conformance {comparison.conformance:.1f} of 100. The largest distances first.</p>"
    yield "<table>"
    for name, distance in sorted(comparison.distances.items(), key=lambda item: -abs(item[1])):
        yield f"<tr><th scope=row>{escape(name)}</th><td>{distance:.4g}</td></tr>"
    yield "</table>"


def _sheet(totals: Totals, status: str, title: str) -> Iterator[str]:
    sample = totals.thumbnails.get(status)
    if sample is None:
        return
    yield f"<h2>{title}</h2><div class=sheet>"
    for thumbnail in sample.items():
        caption = escape(thumbnail.caption, quote=True)
        yield f'<figure title="{caption}"><img alt="{caption}" '
        yield f'src="data:image/jpeg;base64,{thumbnail.jpeg}">'
        yield f"<figcaption>{caption}</figcaption></figure>"
    yield "</div>"
