"""All sections of ``tag4pic bench``, one after another."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.benchmark import answering, growth, sample_photos, starting, storing, training_speed
from bot.benchmark.costs import settings_of_commands
from bot.benchmark.growth import Growth
from bot.benchmark.rows import Row
from bot.settings import Settings
from recommenders import bundle as bundles
from recommenders.engine import Engine
from recommenders.photos import decode


@dataclass(frozen=True)
class Amounts:
    """How much is measured.

    Attributes:
        photos: number of different photos.
        rounds: repetitions of a step.
        stored: photos in the database.
        starts: starts of each command.
        known: numbers of known photos, measured in turn.
        embedded: photos to embed.
        posts: posts to fit a bundle on.
    """

    photos: int = 16
    rounds: int = 48
    stored: int = 1_000
    starts: int = 3
    known: tuple[int, ...] = (10_000, 100_000)
    embedded: int = 1_024
    posts: int = 2_000


USUAL = Amounts()
QUICK = Amounts(photos=2, rounds=4, stored=20, starts=1, known=(500, 2_000), embedded=16, posts=200)
LARGE = Amounts(known=(10_000, 100_000, 1_000_000), posts=80_000)


def measure(
    engine: Engine,
    settings: Settings,
    model_dir: Path,
    photos: Path | None,
    amounts: Amounts,
    sections: Collection[str],
    doing: Callable[[str], None],
) -> tuple[list[Row], list[Growth]]:
    """Measures sections, in their order.

    Args:
        model_dir: the bundle that ``engine`` was loaded from.
        photos: a folder of photos; None for generated ones.
        doing: is called with what is measured next.

    Raises:
        NoPhotosError: where the folder has none.
        CommandError: where a measured command fails.
    """
    command_settings = settings_of_commands(settings, model_dir)
    bundle = bundles.load(model_dir)  # the engine has dropped its large arrays
    doing("photos")
    data = list(sample_photos.sample(photos, amounts.photos))
    rows: list[Row] = []
    grown: list[Growth] = []
    with TemporaryDirectory(prefix="tag4pic-bench-") as made:
        folder = Path(made)
        if answering.SECTION in sections:
            doing(answering.SECTION)
            rows += answering.measure(engine, bundle, settings.weights_dir, data, amounts.rounds)
            rows += storing.measure(engine, folder, amounts.rounds, amounts.stored)
        if starting.SECTION in sections:
            doing(starting.SECTION)
            rows += starting.measure(command_settings, data[0], folder, starts=amounts.starts)
        if growth.SECTION in sections:
            images = [decode(one, engine.working_side) for one in data]
            for one in growth.measure(engine, bundle, images, amounts.known, amounts.rounds, doing):
                grown.append(one)
                rows += one.rows
        if training_speed.SECTION in sections:
            doing(training_speed.SECTION)
            rows += training_speed.measure(
                command_settings,
                data,
                folder,
                embedded=amounts.embedded,
                posts=amounts.posts,
                doing=doing,
            )
    return rows, grown
