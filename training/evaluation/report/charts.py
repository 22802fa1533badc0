"""Charts as SVG; colours come from the page's CSS classes, for light and dark."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log1p, log10
from unicodedata import east_asian_width

from training.evaluation.reliability import Bin, Reliability
from training.evaluation.report.landscape import Landscape, Place
from training.plurals import counted

COLOURED = 12
"""Categories with a colour of their own."""
WIDTH, _HEIGHT = 430, 300
_LEFT, TOP, _BOTTOM = 40, 18, 38
_LINE = 13.5
_HIGHEST = 10.0
"""The y of the highest line of text."""
_MARGIN = 60
"""Lines that end this near the frame have their names beyond it, where no other line runs."""
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
_MAP_WIDTH, _MAP_HEIGHT = 1000, 640
_LETTER = 6.6
"""Width of a letter, about."""
_LABELS = 90
_LONGEST = 24
"""Letters of a label; a hashtag may have a hundred."""
_LARGE = 4.5
"""Dots from this radius on are not written over."""

_Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True)
class Line:
    """A line of a chart.

    Attributes:
        name: also its class, ``line-name``.
        points: (x, y, what a pointer over the point shows).
        marked: indices of points with a larger dot and their label.
    """

    name: str
    points: Sequence[tuple[float, float, str]]
    marked: Sequence[tuple[int, str]] = ()


@dataclass(frozen=True)
class Axis:
    """An axis from ``low`` to ``high``, both in the axis's own units."""

    label: str
    low: float
    high: float
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """Where a value lies, 0 to 1."""
        low, high, at = map(self._scaled, (self.low, self.high, value))
        return (at - low) / (high - low or 1)

    def ticks(self) -> list[float]:
        """Round numbers on the axis: powers of ten, or about five steps."""
        if self.logarithmic:
            powers = range(ceil(log10(self.high + 1)))
            return [tick for tick in (0.0, *(10.0**n for n in powers)) if tick <= self.high]
        span = self.high - self.low or 1.0
        power = 10.0 ** floor(log10(span / 5))
        step = next(power * n for n in (1, 2, 5, 10) if span / (power * n) <= 5.5)
        first = ceil(self.low / step - 1e-9)
        return [n * step for n in range(first, floor(self.high / step + 1e-9) + 1)]

    def _scaled(self, value: float) -> float:
        return log10(value + 1) if self.logarithmic else value


def frame(
    x: Axis, x_ticks: Sequence[float], y: Axis, y_ticks: Sequence[float], left: int, right: int
) -> tuple[list[str], Callable[[float], float], Callable[[float], float]]:
    """The beginning of a chart as SVG: grid, ticks and the label below it.

    Returns:
        Its parts, and where a value of x lies from the left, and one of y from the top.
    """
    bottom = _HEIGHT - _BOTTOM

    def across(value: float) -> float:
        return left + x.place(value) * (right - left)

    def up(value: float) -> float:
        return bottom - y.place(value) * (bottom - TOP)

    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(y.label)} by {escape(x.label)}">'
    ]
    for tick in y_ticks:
        at = up(tick)
        parts.append(f'<line class="grid" x1="{left}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(text_at(left - 7, at + 4, _round(tick), "tick", "end"))
    parts += [
        text_at(across(tick), bottom + 17, _round(tick), "tick", "middle") for tick in x_ticks
    ]
    parts.append(text_at((left + right) / 2, _HEIGHT - 4, x.label, "axis", "middle"))
    return parts, across, up


def line_chart(
    lines: Sequence[Line],
    x_label: str,
    y_label: str,
    *,
    whole_x: bool = False,
    from_zero: bool = True,
) -> str:
    """A chart of lines, each named at its end.

    Args:
        whole_x: x are whole numbers.
        from_zero: y begins at 0, not at a round number below the least.
    """
    xs = [x for line in lines for x, _, _ in line.points]
    ys = [y for line in lines for _, y, _ in line.points]
    x_ticks = _ticks(min(xs), max(xs), whole=whole_x)
    y_ticks = _ticks(0 if from_zero else min(ys), max(ys))
    # Lines go as far as the frame does, so that their names stand beside all of them.
    x_low, x_high = min(x_ticks[0], min(xs)), max(xs)
    x_ticks = [tick for tick in x_ticks if tick <= x_high + 1e-9]
    x_axis = Axis(x_label, x_low, x_high)
    y_axis = Axis(y_label, y_ticks[0], max(y_ticks[-1], max(ys)))
    longest = max(len(line.name) for line in lines)
    right = WIDTH - 14 - round(_LETTER * longest)
    parts, across, up = frame(x_axis, x_ticks, y_axis, y_ticks, _LEFT, right)
    marks: list[str] = []
    # The named backends lie above the baselines.
    for line in reversed(lines):
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y, _ in line.points)
        parts.append(f'<polyline class="line line-{escape(line.name)}" points="{path}"/>')
        marked = dict(line.marked)
        falls = line.points[-1][1] < line.points[0][1]
        for index, (x, y, tooltip) in enumerate(line.points):
            radius = 3.4 if index in marked else 2
            parts.append(
                f'<circle class="dot dot-{escape(line.name)}" cx="{across(x):.1f}" '
                f'cy="{up(y):.1f}" r="{radius}"><title>{escape(tooltip)}</title></circle>'
            )
            if index in marked:
                marks.append(_mark(across(x), up(y), marked[index], falls, index == 0, right))
    parts.extend(marks)
    ends = []
    for line in lines:
        x, y, _ = line.points[-1]
        at_edge = across(x) > right - _MARGIN
        # Below the end of a line that falls no other line comes.
        below = 0 if at_edge or y >= line.points[0][1] else 9
        ends.append((up(y) + 4 + below, right if at_edge else across(x), line))
    for y, x, line in _apart(ends):
        parts.append(text_at(x + 8, y, line.name, f"name name-{line.name}", "start"))
    parts.append("</svg>")
    return "".join(parts)


def reliability_chart(reliability: Reliability) -> str:
    """Observed shares by predicted probabilities, with intervals, over bars of how many there are.

    Perfect calibration lies on the diagonal; bars grow with the logarithm.
    """
    size, left, top, bars = 300, _LEFT + 8, 12, 58
    right, bottom = left + size, top + size

    def across(x: float) -> float:
        return left + x * size

    def up(y: float) -> float:
        return bottom - y * size

    floor_of_bars = bottom + 34 + bars
    parts = [
        f'<svg class="chart reliability" viewBox="0 0 {right + 24} {floor_of_bars + 26}" '
        'role="img" aria-label="observed share by predicted probability">'
    ]
    for tick in (0, 0.2, 0.4, 0.6, 0.8, 1):
        y, x = up(tick), across(tick)
        parts.append(f'<line class="grid" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(text_at(left - 7, y + 4, f"{tick:.0%}", "tick", "end"))
        parts.append(text_at(x, bottom + 17, f"{tick:.0%}", "tick", "middle"))
    parts.append(
        f'<line class="diagonal" x1="{left}" x2="{right}" y1="{bottom}" y2="{top}"/>'
        + text_at(left + 8, top + 12, "observed", "axis", "start")
    )
    most = max(one.count for one in reliability.bins)
    for one in reliability.bins:
        start = min(floor(one.predicted * 10), 9) / 10
        height = max(2.0, (bars - 14) * log1p(one.count) / log1p(most))
        x, width = across(start) + 2, size / 10 - 4
        y = floor_of_bars - height
        parts.append(
            f'<rect class="count" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
            f'height="{height:.1f}" rx="2"><title>{_tooltip(one)}</title></rect>'
        )
        parts.append(text_at(x + width / 2, y - 4, _short(one.count), "tick", "middle"))
        parts.append(
            f'<line class="whisker" x1="{across(one.predicted):.1f}" '
            f'x2="{across(one.predicted):.1f}" y1="{up(one.low):.1f}" y2="{up(one.high):.1f}"/>'
        )
    points = [(across(one.predicted), up(one.observed), one) for one in reliability.bins]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
    parts.append(f'<polyline class="line line-both" points="{path}"/>')
    parts.extend(
        f'<circle class="dot dot-both" cx="{x:.1f}" cy="{y:.1f}" r="3.6">'
        f"<title>{_tooltip(one)}</title></circle>"
        for x, y, one in points
    )
    parts.append(
        text_at(
            (left + right) / 2, floor_of_bars + 18, "predicted (bars: how many)", "axis", "middle"
        )
    )
    parts.append("</svg>")
    return "".join(parts)


def interval(value: float, low: float, high: float, most: float) -> str:
    """A figure as a dot with its interval on a line from 0 to ``most``, 100 units wide."""

    def at(number: float) -> float:
        return 3 + 94 * min(max(number / most, 0), 1) if most else 3.0

    return (
        '<svg class="interval" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<line class="track" x1="3" x2="97" y1="4" y2="4"/>'
        f'<line class="span" x1="{at(low):.1f}" x2="{at(high):.1f}" y1="4" y2="4"/>'
        f'<line class="at" x1="{at(value):.1f}" x2="{at(value):.1f}" y1="1" y2="7"/></svg>'
    )


def map_chart(landscape: Landscape) -> tuple[str, list[tuple[int, str]]]:
    """The map, and its legend: the number of a colour and the category it stands for."""
    sizes: dict[int, float] = defaultdict(float)
    for place in landscape.places:
        # Both few large dots and many small ones count.
        sizes[place.category] += place.popularity**0.5
    sizes.pop(-1, None)
    largest = sorted(sizes, key=lambda category: (-sizes[category], category))[:COLOURED]
    colour = {category: number for number, category in enumerate(largest, 1)}

    def at(place: Place) -> tuple[float, float]:
        return 30 + place.x * (_MAP_WIDTH - 110), 22 + place.y * (_MAP_HEIGHT - 44)

    most = max(place.popularity for place in landscape.places)

    def radius(place: Place) -> float:
        return float(2.6 + 6.5 * (place.popularity / most) ** 0.5)

    parts = [
        f'<svg class="map" viewBox="0 0 {_MAP_WIDTH} {_MAP_HEIGHT}" role="img" '
        'aria-label="Map of hashtag vectors">'
    ]
    for place in reversed(landscape.places):
        x, y = at(place)
        category = landscape.categories[place.category] if place.category >= 0 else "no category"
        parts.append(
            f'<circle class="place hue{colour.get(place.category, 0)}" cx="{x:.1f}" cy="{y:.1f}" '
            f'r="{radius(place):.1f}"><title>#{escape(place.tag)} · {escape(category)}</title>'
            "</circle>"
        )
    dots = {place.tag: (*at(place), radius(place)) for place in landscape.places}
    large = {tag: (x - r, y - r, x + r, y + r) for tag, (x, y, r) in dots.items() if r > _LARGE}
    taken: list[_Box] = []
    for place in landscape.places:
        x, y, r = dots[place.tag]
        label = place.tag if len(place.tag) <= _LONGEST else place.tag[: _LONGEST - 1] + "…"
        width = _width(label)
        for anchor, side in (("start", x + r + 2), ("end", x - r - 2)):
            left = side if anchor == "start" else side - width
            box = (left, y - 8, left + width, y + 6)
            free = not any(_overlap(box, other) for other in taken) and not any(
                _overlap(box, other) for tag, other in large.items() if tag != place.tag
            )
            if free and left > 0 and box[2] < _MAP_WIDTH:
                taken.append(box)
                hue = colour.get(place.category, 0)
                parts.append(text_at(side, y + 4, label, f"label label{hue}", anchor))
                break
        if len(taken) == _LABELS:
            break
    parts.append("</svg>")
    return "".join(parts), [(number, landscape.categories[c]) for c, number in colour.items()]


def _mark(x: float, y: float, text: str, falls: bool, first: bool, right: float) -> str:
    """The label of a point: before the first one, where no line runs, else above."""
    width = _LETTER * len(text)
    before = first and x - 7 - width > _LEFT
    if before or (falls and x > right - 12):
        return text_at(x - 7, y + 4, text, "mark", "end")
    if falls or x < _LEFT + width:
        return text_at(x + 6, y - 6, text, "mark", "start")
    return text_at(x, y - 8, text, "mark", "middle")


def _width(text: str) -> float:
    """About how wide a text is; Chinese, Japanese and Korean letters are twice as wide."""
    return sum(_LETTER * (2 if east_asian_width(letter) in "WF" else 1) for letter in text)


def _overlap(one: _Box, other: _Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _apart(ends: list[tuple[float, float, Line]]) -> list[tuple[float, float, Line]]:
    """Moves names until none overlap: the lowest stays, those above it move up.

    Where there is no room above, those below move down instead.
    """
    placed: list[tuple[float, float, Line]] = []
    for y, x, line in sorted(ends, key=lambda end: -end[0]):
        for other_y, other_x, other in placed:
            if not _beside((x, line), (other_x, other)):
                y = min(y, other_y - _LINE)
        placed.append((y, x, line))
    lowered: list[tuple[float, float, Line]] = []
    for y, x, line in reversed(placed):
        y = max(y, _HIGHEST)
        for other_y, other_x, other in lowered:
            if not _beside((x, line), (other_x, other)):
                y = max(y, other_y + _LINE)
        lowered.append((y, x, line))
    return lowered


def _beside(one: tuple[float, Line], other: tuple[float, Line]) -> bool:
    """Whether the names of two lines, starting at x, stand beside each other."""
    (left, first), (right, _) = sorted((one, other), key=lambda name: name[0])
    return left + 8 + _LETTER * len(first.name) < right


def _ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
    """About five round numbers from just below ``low`` to just above ``high``."""
    if high <= low:
        high = low + 1
    steps = [step for step in _STEPS if not whole or step >= 1]
    step = next((step for step in steps if (high - low) / step <= 5.5), None)
    if step is None:
        step = float(ceil((high - low) / 5))
    if whole:
        return [low, *(n * step for n in range(floor(low / step) + 1, floor(high / step) + 1))]
    return [n * step for n in range(floor(low / step), ceil(high / step - 1e-9) + 1)]


def _tooltip(one: Bin) -> str:
    hashtags = counted(one.count, "hashtag")
    return f"{hashtags}: predicted {one.predicted:.1%}, observed {one.observed:.1%}"


def _short(count: int) -> str:
    """950, 1.2k, 43k: short, so that counts fit side by side."""
    if count < 1000:
        return str(count)
    return f"{count / 1000:.1f}k" if count < 10_000 else f"{count / 1000:.0f}k"


def _round(number: float) -> str:
    """A round number on an axis: 0.5, 10k, 2M."""
    for size, letter in ((10**6, "M"), (10**3, "k")):
        if number >= size:
            return f"{number / size:g}{letter}"
    return f"{number:g}" if abs(number) >= 1e-9 else "0"


def text_at(x: float, y: float, text: str, classes: str, anchor: str) -> str:
    """A text as SVG."""
    return (
        f'<text class="{escape(classes)}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
        f"{escape(text)}</text>"
    )
