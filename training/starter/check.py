"""How good the starter's answers are, theme by theme, on photos that no fit has seen.

What the tables and people's own words say of a photo counts as true. They do not say everything, so
the figures are lower than a person would give; they serve to compare recipes.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps
from rich.table import Table

from recommenders.answers import FIRST, AnswerRequest
from recommenders.engine import Engine
from recommenders.families import root, share_a_root
from recommenders.ranking import Hashtag
from training.starter.sources import TaggedPhoto
from training.starter.word_tables import forbidden_pairs, people
from training.terminal import figures_table

_ALL = "all themes alike"
_SHEET_PHOTOS = 24
_CELL = (236, 236)
_CAPTION = 58


@dataclass(frozen=True)
class Answer:
    """The first five of a photo that the fit has not seen."""

    photo: TaggedPhoto
    hashtags: list[Hashtag]

    @property
    def true(self) -> list[bool]:
        return [self.photo.fits(hashtag.tag) for hashtag in self.hashtags]


@dataclass(frozen=True)
class ThemeFigures:
    """Figures of a theme's answers, shares from 0 to 1.

    Attributes:
        telling: answers with at least one true hashtag.
        precision: of the hashtags shown, those that are true.
        all_true: answers with hashtags, all of them true.
        shown: hashtags in the mean answer.
        people: answers that label a person.
        one_root: answers of which four share a root.
        forbidden: answers with two hashtags that must not stand together.
    """

    photos: int
    telling: float
    precision: float
    all_true: float
    shown: float
    people: float
    one_root: float
    forbidden: float


def answer_photos(
    engine: Engine,
    backend: str,
    photos: Sequence[TaggedPhoto],
    features: NDArray[np.floating],
    captions: Sequence[str] = (),
) -> list[Answer]:
    """The first five hashtags of photos, as a new chat gets them.

    Args:
        features: (n, dims).
        captions: of each photo; none where they are sent without.
    """
    name, *_ = engine.backbones[backend]
    rows = features.astype(np.float32)
    words_of = [engine.words_in(caption) for caption in captions] or [()] * len(photos)
    return [
        Answer(
            photo, engine.answer({name: rows[[row]]}, AnswerRequest(backend, FIRST, words=words))
        )
        for row, (photo, words) in enumerate(zip(photos, words_of, strict=True))
    ]


def figures_of_captioned(
    engine: Engine, photos: Sequence[TaggedPhoto], features: NDArray[np.floating]
) -> dict[str, ThemeFigures]:
    """Figures of ``both`` for photos with captions, sent without one and with it.

    What the photo's other captions say is true; ``features`` (n, dims).
    """
    twins = [(row, *photo.without_one) for row, photo in enumerate(photos) if photo.without_one]
    rows, captions, others = map(list, zip(*twins, strict=True))
    return {
        name: _figures(answer_photos(engine, "both", others, features[rows], under))
        for name, under in (("without the caption", ()), ("with the caption", captions))
    }


def figures_by_theme(answers: Sequence[Answer]) -> dict[str, ThemeFigures]:
    """Figures of every theme, and their plain mean last."""
    by_theme: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_theme[answer.photo.theme].append(answer)
    figures = {theme: _figures(of_theme) for theme, of_theme in sorted(by_theme.items())}
    names = tuple(ThemeFigures.__dataclass_fields__)[1:]
    means = {name: float(np.mean([getattr(f, name) for f in figures.values()])) for name in names}
    return {**figures, _ALL: ThemeFigures(photos=len(answers), **means)}


def themes_table(figures: dict[str, ThemeFigures], title: str) -> Table:
    """The figures to print."""
    columns = (
        "photos",
        "telling",
        "true",
        "all true",
        "shown",
        "people words",
        "one root",
        "pairs",
    )
    table = figures_table(title, columns)
    for theme, of_theme in figures.items():
        shares = (of_theme.telling, of_theme.precision, of_theme.all_true)
        table.add_row(
            theme,
            f"{of_theme.photos:,}",
            *(f"{share:.2f}" for share in shares),
            f"{of_theme.shown:.1f}",
            f"{of_theme.people:.3f}",
            f"{of_theme.one_root:.3f}",
            f"{of_theme.forbidden:.3f}",
        )
    return table


def draw_sheets(answers: Sequence[Answer], folder: Path) -> None:
    """A contact sheet a theme: photos with their hashtags below, to look at."""
    folder.mkdir(parents=True, exist_ok=True)
    by_theme: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_theme[answer.photo.theme].append(answer)
    for theme, of_theme in by_theme.items():
        step = max(1, len(of_theme) // _SHEET_PHOTOS)
        _sheet(of_theme[::step][:_SHEET_PHOTOS]).save(folder / f"{theme}.jpg", quality=85)


def _figures(answers: Sequence[Answer]) -> ThemeFigures:
    # A hashtag that is its own replacement, such as kids, labels nobody.
    labels = {tag for tag, in_place in people().items() if in_place != (tag,)}
    pairs = forbidden_pairs()
    true = [answer.true for answer in answers]
    shown = sum(map(len, true))
    return ThemeFigures(
        photos=len(answers),
        telling=float(np.mean([any(one) for one in true])),
        precision=sum(map(sum, true)) / max(shown, 1),
        all_true=float(np.mean([bool(one) and all(one) for one in true])),
        shown=shown / len(answers),
        people=float(np.mean([any(h.tag in labels for h in a.hashtags) for a in answers])),
        one_root=float(np.mean([_of_one_root(answer.hashtags) >= 4 for answer in answers])),
        forbidden=float(np.mean([_has_pair(answer.hashtags, pairs) for answer in answers])),
    )


def _of_one_root(hashtags: Sequence[Hashtag]) -> int:
    """The most hashtags that share a root with one of them."""
    roots = [root(hashtag.tag) for hashtag in hashtags]
    return max((sum(share_a_root(one, other) for other in roots) for one in roots), default=0)


def _has_pair(
    hashtags: Sequence[Hashtag], pairs: Sequence[tuple[Sequence[str], Sequence[str]]]
) -> bool:
    tags = {hashtag.tag for hashtag in hashtags}
    return any(not tags.isdisjoint(left) and not tags.isdisjoint(right) for left, right in pairs)


def _sheet(answers: Sequence[Answer]) -> Image.Image:
    width, height = _CELL[0], _CELL[1] + _CAPTION
    columns = 6
    rows = -(-len(answers) // columns)
    sheet = Image.new("RGB", (columns * width, rows * height), "white")
    pen = ImageDraw.Draw(sheet)
    for number, answer in enumerate(answers):
        left, top = number % columns * width, number // columns * height
        with Image.open(answer.photo.image) as photo:
            square = ImageOps.pad(photo.convert("RGB"), (_CELL[0] - 8, _CELL[1] - 8), color="#eee")
        sheet.paste(square, (left + 4, top + 4))
        pairs = zip(answer.hashtags, answer.true, strict=True)
        for line, (hashtag, true) in enumerate(pairs):
            place = (left + 6 + line % 2 * 116, top + _CELL[1] + line // 2 * 18)
            text = f"{hashtag.tag[:17]} {hashtag.score:.2f}"[:22]
            pen.text(place, text, fill="black" if true else "#b02020")
    return sheet
