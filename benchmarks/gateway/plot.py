"""Plots in a few lines of SVG."""

from collections.abc import Mapping
from html import escape

_WIDTH, _LEFT, _BAR, _TOP = 760, 260, 26, 44


def bars(title: str, values: Mapping[str, float]) -> str:
    """A bar for each value, longest first as given, with its figure beside it."""
    most = max(values.values(), default=0) or 1
    room = _WIDTH - _LEFT - 90
    drawn = [
        f'<text x="12" y="24" font-weight="bold">{escape(title)}</text>',
    ]
    for place, (name, value) in enumerate(values.items()):
        top, width = _TOP + place * _BAR, value / most * room
        colour = "#2a7f62" if name.startswith("Privet") else "#9aa5b1"
        drawn += [
            f'<text x="{_LEFT - 8}" y="{top + 15}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{_LEFT}" y="{top}" width="{width:.1f}" height="{_BAR - 6}" '
            f'fill="{colour}"/>',
            f'<text x="{_LEFT + width + 6:.1f}" y="{top + 15}">{value:,.4g}</text>',
        ]
    height = _TOP + len(values) * _BAR + 12
    body = "\n".join(drawn)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="white"/>\n'
        f"{body}\n</svg>\n"
    )
