"""A log-log plot as SVG, by hand."""

from __future__ import annotations

from html import escape
from math import ceil, floor, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Points = Sequence[tuple[float, float]]

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 190, 50, 60
LINE = 17  # height of a line of text
COLOURS = ("#0b6e4f", "#b3541e", "#4a5a8a", "#777777")
STYLE = "text{font:13px system-ui,sans-serif;fill:#222}.grid{stroke:#ddd}.line{fill:none;stroke-width:2.5}"


def plot(title: str, x_title: str, y_title: str, curves: Mapping[str, Points]) -> str:
    """Return the curves over powers of ten on both axes; each is named at its end."""
    points = [point for curve in curves.values() for point in curve] or [(1, 1)]
    xs, ys = (_decades([point[axis] for point in points]) for axis in (0, 1))

    def place(x: float, y: float) -> tuple[float, float]:
        along = (log10(x) - xs[0]) / (xs[-1] - xs[0])
        up = (log10(y) - ys[0]) / (ys[-1] - ys[0])
        return LEFT + along * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="28" font-weight="600">{escape(title)}</text>',
    ]
    for power in xs:
        x, bottom = place(10**power, 10 ** ys[0])
        parts.append(f'<path class="grid" d="M{x:.1f} {TOP}V{bottom:.1f}"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 20:.1f}" text-anchor="middle">{_short(power)}</text>')
    for power in ys:
        left, y = place(10 ** xs[0], 10**power)
        parts.append(f'<path class="grid" d="M{left:.1f} {y:.1f}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{left - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{_short(power)}</text>')
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 14}" text-anchor="middle">{escape(x_title)}</text>'
    )
    parts.append(f'<text x="{LEFT - 8}" y="{TOP - 10}" text-anchor="end">{escape(y_title)}</text>')
    placed = {name: [place(*point) for point in curve] for name, curve in curves.items()}
    heights = _apart({name: curve[-1][1] for name, curve in placed.items()})
    for (name, curve), colour in zip(placed.items(), COLOURS, strict=False):
        parts += _curve(name, curve, heights[name], colour)
    return "\n".join([*parts, "</svg>", ""])


def _curve(name: str, places: Points, height: float, colour: str) -> Iterator[str]:
    path = " ".join(f"{'L' if number else 'M'}{x:.1f} {y:.1f}" for number, (x, y) in enumerate(places))
    yield f'<path class="line" stroke="{colour}" d="{path}"/>'
    for x, y in places:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'
    x, _ = places[-1]
    yield f'<text x="{x + 9:.1f}" y="{height + 4:.1f}" style="fill:{colour}">{escape(name)}</text>'


def _apart(heights: Mapping[str, float]) -> dict[str, float]:
    """Return the heights of names, moved down where they would cover each other."""
    moved: dict[str, float] = {}
    for name in sorted(heights, key=lambda one: heights[one]):
        moved[name] = max([heights[name], *(above + LINE for above in moved.values())])
    return moved


def _decades(values: Sequence[float]) -> range:
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    return range(low, max(high, low + 1) + 1)


def _short(power: int) -> str:
    """Return a power of ten as people write it."""
    for names_power, name in ((6, "M"), (3, "k")):
        if power >= names_power:
            return f"{10 ** (power - names_power)}{name}"
    return f"{10.0**power:g}"
