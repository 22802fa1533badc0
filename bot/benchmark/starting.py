"""Cold starts, each in a process of its own, and the memory that they take."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

from bot.benchmark.costs import Costs, run_command
from bot.benchmark.rows import Figure, Row

SECTION = "starting"


def measure(
    settings: Mapping[str, str], photo: bytes, folder: Path, *, starts: int
) -> Iterator[Row]:
    """Rows of ``--help`` and of ``recommend`` on one photo.

    Args:
        settings: as ``costs.settings_of_commands`` gives it.
        folder: where the commands run.
        starts: how many times each is started; medians count.

    Raises:
        CommandError: where one fails.
    """
    file = folder / "photo.jpg"
    file.write_bytes(photo)
    places = settings["MODEL_DIR"], settings["WEIGHTS_DIR"]
    plainly = ["bot.benchmark.plain", *places, str(file)]
    recommend, plain, helped = [], [], []
    run_command(["bot.cli", "recommend", str(file)], folder, settings)  # what is made once
    for _ in range(starts):
        recommend.append(run_command(["bot.cli", "recommend", str(file)], folder, settings))
        plain.append(run_command(plainly, folder, settings))
        helped.append(run_command(["bot.cli", "--help"], folder, settings))
    yield Row(SECTION, "tag4pic recommend", "s", _seconds(recommend), _seconds(plain))
    yield Row(SECTION, "tag4pic --help", "s", _seconds(helped))
    if ours := _memory(recommend):
        yield Row(SECTION, "memory of tag4pic recommend", "MB", ours, _memory(plain))


def _seconds(costs: list[Costs]) -> Figure:
    return Figure(median(one.wall for one in costs), cpu=median(one.cpu for one in costs))


def _memory(costs: list[Costs]) -> Figure | None:
    most = [one.megabytes for one in costs if one.megabytes is not None]
    return Figure(median(most)) if most else None
