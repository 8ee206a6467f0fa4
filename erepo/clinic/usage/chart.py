"""The use of an account over time, as SVG: two lines in per cent of their limits, and the line of warning.

Plain SVG without scripts, styles or fonts to load, so that it is shown inside an `<img>` anywhere.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from xml.sax.saxutils import escape

from erepo.clinic.usage.alarms import LINE
from erepo.clinic.usage.history import Check, daily
from erepo.clinic.usage.words import RESOURCE_WORDS
from erepo.texts import Language, Text, moment_words

_WIDTH, _HEIGHT = 720, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 16, 34, 34
#: Hourly points up to here, then one a day: more would not be seen.
_MOST: Final = 400
_COLOURS: Final = {"bytes": "#2563eb", "documents": "#d97706"}
_HEAD: Final = (
    f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}"'
    f' viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="12">'
)
_TITLE: Final = Text("Use of the account", "Wykorzystanie konta")


def chart(checks: Sequence[Check], speak: Language) -> str:
    """Draw the history of one account.

    Args:
        checks: oldest first; at least one.
        speak: language of the legend.
    """
    shown = daily(checks) if len(checks) > _MOST else list(checks)
    lines = [
        _HEAD,
        f"<title>{escape(_TITLE.fill(speak))}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        *_grid(),
        *_dates(shown[0].at, shown[-1].at),
    ]
    for place, resource in enumerate(_COLOURS):
        lines += _line(shown, resource)
        lines += _legend(place, resource, speak)
    return "\n".join([*lines, "</svg>"])


def _grid() -> list[str]:
    lines = []
    for percent in (0, 25, 50, 75, 100):
        y = _y(percent / 100)
        lines += [
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}" stroke="#e5e7eb"/>',
            f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end" fill="#374151">{percent}%</text>',
        ]
    y = _y(LINE)
    lines.append(
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}" stroke="#dc2626"'
        ' stroke-dasharray="6 4"/>'
    )
    lines.append(f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end" fill="#dc2626">{LINE:.0%}</text>')
    return lines


def _dates(first: datetime, last: datetime) -> list[str]:
    y = _HEIGHT - _BOTTOM + 18
    begin, end = map(moment_words, (first, last))
    return [
        f'<text x="{_LEFT}" y="{y}" fill="#374151">{begin}</text>',
        f'<text x="{_WIDTH - _RIGHT}" y="{y}" text-anchor="end" fill="#374151">{end}</text>',
    ]


def _line(checks: Sequence[Check], resource: str) -> list[str]:
    known = [(one.at, share) for one in checks if (share := one.share(resource)) is not None]
    if not known:
        return []
    first, last = checks[0].at, checks[-1].at
    points = [f"{_x(at, first, last)},{_y(share)}" for at, share in known]
    end = points[-1].partition(",")
    colour = _COLOURS[resource]
    return [
        f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{" ".join(points)}"/>',
        f'<circle cx="{end[0]}" cy="{end[2]}" r="4" fill="{colour}"/>',
    ]


def _legend(place: int, resource: str, speak: Language) -> list[str]:
    x = _LEFT + 170 * place
    words = escape(RESOURCE_WORDS[resource].fill(speak))
    return [
        f'<rect x="{x}" y="10" width="14" height="10" fill="{_COLOURS[resource]}"/>',
        f'<text x="{x + 20}" y="20" fill="#111827">{words}</text>',
    ]


def _x(at: datetime, first: datetime, last: datetime) -> float:
    span = (last - first).total_seconds()
    share = (at - first).total_seconds() / span if span else 1.0
    return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)


def _y(share: float) -> float:
    # What is over its limit is drawn at the upper edge.
    return round(_TOP + (1 - min(max(share, 0.0), 1.05)) * (_HEIGHT - _TOP - _BOTTOM), 1)
