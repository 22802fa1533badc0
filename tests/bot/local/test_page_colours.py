"""Words on the pages stand out from what is behind them: a contrast of 4.5 (WCAG 2.2, 1.4.3)."""

import re
from importlib.resources import files

import pytest

CHAT = ("bot.local", "chat.css")
HTTP = ("bot.http", "page.css")
WHITE = (255.0, 255.0, 255.0)
Colour = tuple[float, float, float]

PALEST = (214.0, 219.0, 168.0)
"""The chat's background, where white words stand out least from it."""
DARK = (20.0, 20.0, 24.0)


def variable(page: tuple[str, str], name: str, scheme: int) -> str:
    """A colour of a page, as written: 0 in light, 1 in dark."""
    package, file = page
    css = (files(package) / "page" / file).read_text(encoding="utf-8")
    written = re.search(rf"--{name}: light-dark\((#\w+|rgb\([^)]*\)), (#\w+|rgb\([^)]*\))\);", css)
    assert written, name
    return written[scheme + 1]


def over(written: str, back: Colour) -> Colour:
    """What a colour looks like on another."""
    if written.startswith("#"):
        digits = written[1:] if len(written) == 7 else "".join(2 * one for one in written[1:])
        red, green, blue = (float(int(digits[at : at + 2], 16)) for at in (0, 2, 4))
        return red, green, blue
    red, green, blue, percent = map(float, re.findall(r"\d+", written))
    share = percent / 100
    mixed = [share * one + (1 - share) * b for one, b in zip((red, green, blue), back, strict=True)]
    return mixed[0], mixed[1], mixed[2]


def luminance(colour: Colour) -> float:
    linear = [
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4
        for one in (channel / 255 for channel in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Colour, other: Colour) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("words", "back"),
    [("in-meta", "in"), ("out-meta", "out"), ("out-accent", "out"), ("secondary", "surface")],
)
def test_words_stand_out_from_their_bubble(words: str, back: str, scheme: int) -> None:
    behind = over(variable(CHAT, back, scheme), WHITE)
    assert contrast(over(variable(CHAT, words, scheme), behind), behind) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("page", "name"),
    [*((CHAT, name) for name in ("key", "key-hover", "chip", "accent-strong")), (HTTP, "filled")],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_white_words_stand_out_from_what_is_filled(
    page: tuple[str, str], name: str, scheme: int
) -> None:
    behind = over(variable(page, name, scheme), DARK if scheme else PALEST)
    assert contrast(WHITE, behind) >= 4.5
