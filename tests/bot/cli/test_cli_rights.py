"""Where ``data/`` is another user's, commands say so or do without."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.rights import without_privileges

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="rights as Linux has them")

ENV = {
    "DATABASE_URL": "sqlite+aiosqlite:///data/tag4pic.db",
    "WEIGHTS_DIR": "data/weights",
    "TELEGRAM_API_URL": "http://127.0.0.1:9",
}

Tag4pic = Callable[..., Any]


@pytest.fixture(autouse=True)
def closed(folder: Path) -> Iterator[Path]:
    """A folder ``data/`` into which nobody here may look."""
    data = folder / "data"
    (data / "weights").mkdir(parents=True)
    data.chmod(0)
    with without_privileges():
        yield data
    data.chmod(0o700)


@pytest.mark.parametrize("arguments", [("recommend", "a.jpg"), ("weights",)])
def test_what_needs_nothing_of_it_works(
    tag4pic: Tag4pic, photo: Callable[..., str], arguments: tuple[str, ...]
) -> None:
    photo("a.jpg")
    result = tag4pic(*arguments, env=ENV)
    assert (result.exit_code, result.stderr) == (0, "")


def test_doctor_checks_all(tag4pic: Tag4pic) -> None:
    result = tag4pic("doctor", env=ENV)
    assert result.exit_code == 1 and result.exception.args == (1,)
    assert "cannot be written to" in result.stdout
    assert "✓ bundle" in result.stdout and "disk" in result.stdout


@pytest.mark.parametrize("arguments", [("doctor",), ("tags", "sizes"), ("run", "--port", "0")])
def test_a_bundle_that_nobody_here_may_look_at_is_named(
    tag4pic: Tag4pic, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    own = {"MODEL_DIR": "data/mine", "DATABASE_URL": f"sqlite:///{tmp_path}/bot.db"}
    result = tag4pic(*arguments, env=ENV | own)
    assert result.exit_code == 1 and result.exception.args == (1,)
    assert "data/mine/manifest.json cannot be read (Permission denied)" in result.output


def test_doctor_checks_on_where_nothing_can_be_fetched_to(tag4pic: Tag4pic) -> None:
    result = tag4pic("doctor", env=ENV | {"MODEL_DIR": "", "BUNDLE": "nowhere"})
    assert result.exit_code == 1 and result.exception.args == (1,)
    assert "nowhere has no current.json" in result.stdout and "disk" in result.stdout


@pytest.mark.parametrize("what", ["backup", "restore"])
def test_a_backup_is_the_bots_users_affair(tag4pic: Tag4pic, what: str) -> None:
    result = tag4pic("db", what, "copy.db", env=ENV)
    assert result.exit_code == 1
    [line] = result.stderr.splitlines()
    assert line.startswith("Error: data is another user's: ") and "sudo -u" in line
