"""Cold starts, each in a process of its own, and the memory that they take."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bot.benchmark.costs import Costs, run_command
from bot.benchmark.rows import Figure, Row

SECTION = "starting"


def measure(
    bundle: Path, weights_dir: Path, photo: bytes, folder: Path, *, starts: int
) -> Iterator[Row]:
    """Rows of ``--help`` and of ``recommend`` on one photo.

    Args:
        folder: where the commands run.
        starts: how many times each is started; medians count.

    Raises:
        CommandError: where one fails.
    """
    file = folder / "photo.jpg"
    file.write_bytes(photo)
    of_ours = {"MODEL_DIR": str(bundle), "WEIGHTS_DIR": str(weights_dir.absolute())}
    plainly = ["bot.benchmark.plain", str(bundle), str(weights_dir.absolute()), str(file)]
    recommend, plain, helped = [], [], []
    run_command(["bot.cli", "recommend", str(file)], folder, of_ours)  # what is made once
    for _ in range(starts):
        recommend.append(run_command(["bot.cli", "recommend", str(file)], folder, of_ours))
        plain.append(run_command(plainly, folder))
        helped.append(run_command(["bot.cli", "--help"], folder, of_ours))
    yield Row(SECTION, "tag4pic recommend", "s", _seconds(recommend), _seconds(plain))
    yield Row(SECTION, "tag4pic --help", "s", _seconds(helped))
    if ours := _memory(recommend):
        yield Row(SECTION, "memory of tag4pic recommend", "MB", ours, _memory(plain))


def _seconds(costs: list[Costs]) -> Figure:
    return Figure(median(one.wall for one in costs), cpu=median(one.cpu for one in costs))


def _memory(costs: list[Costs]) -> Figure | None:
    most = [one.megabytes for one in costs if one.megabytes is not None]
    return Figure(median(most)) if most else None
