"""The benchmark of clients as one picture: p99 of the ITL error over the number of streams, on logarithmic axes."""

import math
from collections.abc import Sequence
from typing import Protocol

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, PANEL, GAP = 920, 440, 70, 48, 70, 360, 50
LOWEST_US, HIGHEST_US = 1.0, 1e7
COLOURS = ("#0b6e4f", "#2f6fb3", "#7a5195", "#d1495b", "#e07a00", "#555555", "#8c6d1f")
_TICKS = ((1, "1 µs"), (10, "10 µs"), (100, "100 µs"), (1e3, "1 ms"), (1e4, "10 ms"), (1e5, "0.1 s"), (1e6, "1 s"))


class Point(Protocol):
    """What is drawn of a cell."""

    @property
    def client(self) -> str: ...
    @property
    def streams(self) -> int: ...
    @property
    def stall(self) -> bool: ...
    @property
    def itl_p99_us(self) -> float: ...


def plot(points: Sequence[Point]) -> str:
    """An SVG with an idle and a stalled panel."""
    clients = list(dict.fromkeys(point.client for point in points))
    streams = sorted({point.streams for point in points})
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="12" fill="#222">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    for stall in (False, True):
        left = LEFT + stall * (PANEL + GAP)
        title = "client stalled 50 ms every 250 ms" if stall else "client not disturbed"
        parts.append(f'<text x="{left}" y="{TOP - 16}" font-weight="bold">ITL error p99, {title}</text>')
        parts += _axes(left, streams, labelled=not stall)
        for client, colour in zip(clients, COLOURS, strict=False):
            mine = sorted((p.streams, p.itl_p99_us) for p in points if p.client == client and p.stall is stall)
            parts += _line([(_x(left, n, streams), _y(us)) for n, us in mine], colour)
    for place, (client, colour) in enumerate(zip(clients, COLOURS, strict=False)):
        x = LEFT + place * 140
        parts.append(f'<rect x="{x}" y="{HEIGHT - 22}" width="14" height="4" fill="{colour}"/>')
        parts.append(f'<text x="{x + 20}" y="{HEIGHT - 16}">{client}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _axes(left: float, streams: Sequence[int], *, labelled: bool) -> list[str]:
    parts = []
    for us, name in _TICKS:
        parts.append(f'<path d="M{left} {_y(us):.1f}h{PANEL}" stroke="#ddd"/>')
        if labelled:
            parts.append(f'<text x="{left - 8}" y="{_y(us) + 4:.1f}" text-anchor="end">{name}</text>')
    for count in streams:
        x = _x(left, count, streams)
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{count}</text>')
    middle = left + PANEL / 2
    return [*parts, f'<text x="{middle}" y="{HEIGHT - BOTTOM + 36}" text-anchor="middle">streams at once</text>']


def _line(points: Sequence[tuple[float, float]], colour: str) -> list[str]:
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in points]
    return [f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"/>', *dots] if points else []


def _x(left: float, streams: int, all_streams: Sequence[int]) -> float:
    low, high = math.log(all_streams[0]), math.log(all_streams[-1])
    return left + 14 + (PANEL - 28) * ((math.log(streams) - low) / (high - low) if high > low else 0.5)


def _y(us: float) -> float:
    share = math.log(max(us, LOWEST_US) / LOWEST_US) / math.log(HIGHEST_US / LOWEST_US)
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
