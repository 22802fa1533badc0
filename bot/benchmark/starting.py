"""Cold starts, each in its own process, and their memory."""

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
        settings: as returned by ``costs.settings_of_commands``.
        folder: where the commands run.
        starts: how many times each is started, for the median.

    Raises:
        CommandError: where one fails.
    """
    file = folder / "photo.jpg"
    file.write_bytes(photo)
    folders = settings["MODEL_DIR"], settings["WEIGHTS_DIR"]
    plain_command = ["bot.benchmark.plain", *folders, str(file)]
    recommend, plain, helps = [], [], []
    run_command(["bot.cli", "recommend", str(file)], folder, settings)  # fills caches
    for _ in range(starts):
        recommend.append(run_command(["bot.cli", "recommend", str(file)], folder, settings))
        plain.append(run_command(plain_command, folder, settings))
        helps.append(run_command(["bot.cli", "--help"], folder, settings))
    yield Row(SECTION, "tag4pic recommend", "s", _seconds(recommend), _seconds(plain))
    yield Row(SECTION, "tag4pic --help", "s", _seconds(helps))
    if ours := _memory(recommend):
        yield Row(SECTION, "memory of tag4pic recommend", "MB", ours, _memory(plain))


def _seconds(costs: list[Costs]) -> Figure:
    return Figure(median(one.wall for one in costs), cpu=median(one.cpu for one in costs))


def _memory(costs: list[Costs]) -> Figure | None:
    most = [one.megabytes for one in costs if one.megabytes is not None]
    return Figure(median(most)) if most else None
