"""The plot of the speeds: an SVG of horizontal bars that needs nothing but this file."""

from __future__ import annotations

from html import escape

from benchmarks.report import FLOOR, KEPT, OURS, in_order, without
from benchmarks.results import Results

_WIDTH, _NAMES, _BARS = 800, 190, 400
_ROW, _BAR, _HEAD, _GAP = 22, 14, 30, 14
# Colours that keep their contrast on white and on black; names and numbers say the same in words.
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.head { font-weight: 600; } .soft { fill: #59636e; }
.ours { fill: #0969da; } .floor { fill: #8c959f; } .peer { fill: #c69026; }
.span { stroke: #1f2328; stroke-width: 1; }
.strong { font-weight: 600; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; } .soft { fill: #9198a1; }
  .ours { fill: #4493f8; } .floor { fill: #656c76; } .peer { fill: #d29922; }
  .span { stroke: #f0f6fc; }
}
"""


def plot(results: Results) -> str:
    """Return an SVG: a group a request, a bar a server, medians with the least and the most."""
    parts, top = (
        [_text(0, 16, "requests a second, medians; the thin line spans all rounds", "soft")],
        30,
    )
    for request in results.samples:
        parts.append(_text(0, top + 18, f"{request}, {results.sizes[request]:,} B", "head"))
        top += _HEAD
        for server in in_order(results, request):
            parts += _bar(results, request, server, top)
            top += _ROW
        for server in without(results, request):
            parts.append(_text(_NAMES - 8, top + 15, server, "soft", anchor="end"))
            parts.append(_text(_NAMES, top + 15, "not offered", "soft"))
            top += _ROW
        top += _GAP
    size = f'width="{_WIDTH}" height="{top}" viewBox="0 0 {_WIDTH} {top}"'
    title = "Requests a second of greenroom and other mock servers"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{title}">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def _bar(results: Results, request: str, server: str, top: int) -> list[str]:
    speeds = [each.speed for each in results.samples[request][server]]
    value = results.speed(request, server)
    scale = _BARS / _most(results, request)
    kind = _kind(server)
    least, most = (_NAMES + each * scale for each in (min(speeds), max(speeds)))
    middle = top + 4 + _BAR / 2
    length = max(1.0, value * scale)
    end = max(most, _NAMES + value * scale)
    ratio = value / results.speed(request, OURS)
    beside = "" if server == OURS else f"  ({ratio:.2f}x greenroom)"
    return [
        _text(_NAMES - 8, top + 15, server, "strong" if kind == "ours" else "", anchor="end"),
        f'<rect class="{kind}" x="{_NAMES}" y="{top + 4}" width="{length:.1f}" height="{_BAR}"/>',
        f'<line class="span" x1="{least:.1f}" y1="{middle}" x2="{most:.1f}" y2="{middle}"/>',
        _text(end + 8, top + 15, f"{value:,.0f}{beside}", "strong" if kind == "ours" else ""),
    ]


def _kind(server: str) -> str:
    if server in {OURS, KEPT}:
        return "ours"
    return "floor" if server == FLOOR else "peer"


def _most(results: Results, request: str) -> float:
    return max(each.speed for samples in results.samples[request].values() for each in samples)


def _text(x: float, y: float, said: str, kind: str, *, anchor: str = "start") -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text{style} x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{escape(said)}</text>'
