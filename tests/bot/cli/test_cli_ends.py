"""How commands end: errors as one line, Ctrl-C and closed pipes quietly."""

import importlib
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.cli.console import USER_ERRORS
from tests.rights import without_privileges
from tests.started import started

Tag4pic = Callable[..., Any]
Photo = Callable[..., str]


def test_a_missing_bundle_is_one_line_that_says_what_to_do(
    tag4pic: Tag4pic, photo: Photo, folder: Path
) -> None:
    result = tag4pic("recommend", photo("a.jpg"), env={"MODEL_DIR": "elsewhere"})
    assert result.exit_code == 1
    [line] = result.stderr.splitlines()
    assert line.startswith("Error: The bundle's folder elsewhere does not exist.")
    assert "tag4pic train fit" in line and "~" not in line


def test_a_tilde_in_a_setting_is_said_not_to_be_expanded(tag4pic: Tag4pic, photo: Photo) -> None:
    result = tag4pic("recommend", photo("a.jpg"), env={"MODEL_DIR": "~/mine"})
    assert result.exit_code == 1
    assert "~/mine does not exist. Write the whole path: ~ is not expanded." in result.stderr


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("train fit --dataset posts --out s3://me:secret@bucket/mine", "--out"),
        ("train fit --dataset posts --out s3://bucket/mine --backend tags", "--out"),
        ("train import posts --to GS://bucket/posts", "--to"),
        ("train evaluate --dataset hdfs://namenode/posts", "--dataset"),
        ("db backup file:///srv/copy.db", "FILE"),
    ],
)
def test_an_address_where_a_path_belongs_is_refused(
    tag4pic: Tag4pic, folder: Path, command: str, name: str
) -> None:
    result = tag4pic(*command.split())
    assert result.exit_code == 1
    [line] = result.stderr.splitlines()
    assert line.startswith(f"Error: {name} is a path on this machine, not an address.")
    assert "tag4pic train publish" in line and "secret" not in line
    assert list(folder.iterdir()) == []


def test_a_drive_is_no_address(tag4pic: Tag4pic) -> None:
    result = tag4pic("train", "import", "c:/posts", "--to", "posts")
    assert result.stderr.strip() == "Error: c:/posts does not exist."


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("tags sizes", "loop/manifest.json cannot be read (Too many levels of symbolic links)"),
        ("doctor", "loop/manifest.json cannot be read (Too many levels of symbolic links)"),
        ("train import posts --to loop", "Error: loop/images: Too many levels of symbolic links."),
        ("weights", "not here"),
    ],
)
def test_a_link_that_leads_to_itself_is_told_as_what_it_is(
    tag4pic: Tag4pic, folder: Path, command: str, says: str
) -> None:
    (folder / "loop").symlink_to("loop")
    (folder / "posts").mkdir()
    (folder / "posts" / "posts.jsonl").write_text('{"hashtags": ["red"]}\n')
    env = {"MODEL_DIR": "loop", "WEIGHTS_DIR": "loop"}
    result = tag4pic(*command.split(), env=env)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert says in " ".join(result.output.split())


@pytest.mark.skipif(os.name == "nt", reason="rights as POSIX has them")
@pytest.mark.parametrize(
    "command",
    [
        "train fit --dataset private --out mine",
        "train embed --dataset private",
        "train fit --dataset posts --backend tags --out mine --post-counts private/counts.csv",
        "train tune --dataset private --out private/plan.json",
    ],
)
def test_a_path_that_may_not_be_looked_at_is_one_line(
    tag4pic: Tag4pic, folder: Path, command: str
) -> None:
    for name in ("private", "posts"):
        (folder / name).mkdir()
        (folder / name / "posts.jsonl").write_text('{"hashtags": ["red", "sea"]}\n' * 2)
    (folder / "private").chmod(0)
    with without_privileges():
        result = tag4pic(*command.split())
    (folder / "private").chmod(0o700)
    assert result.exit_code == 1
    [line] = result.stderr.splitlines()
    assert line.startswith("Error: private/") and "(Permission denied)" in line
    assert "Error: PermissionError" not in line and "LOG_LEVEL" not in line


def test_the_traceback_is_in_the_debug_log(tag4pic: Tag4pic, photo: Photo) -> None:
    env = {"MODEL_DIR": "elsewhere", "LOG_LEVEL": "DEBUG"}
    result = tag4pic("recommend", photo("a.jpg"), env=env)
    assert result.exit_code == 1
    assert "Traceback" in result.stderr
    assert result.stderr.splitlines()[-1].startswith(
        "Error: The bundle's folder elsewhere does not exist."
    )


@pytest.mark.parametrize("arguments", [("recommend", "a.jpg"), ("weights",), ("run",)])
def test_a_setting_that_cannot_be_used_is_named_without_its_value(
    tag4pic: Tag4pic, arguments: tuple[str, ...]
) -> None:
    result = tag4pic(*arguments, env={"BOT_TOKEN": "not-a-token-but-secret"})
    assert result.exit_code == 1
    [line] = result.stderr.splitlines()
    assert line.startswith("Error: BOT_TOKEN must be the token")
    assert "secret" not in line


@pytest.mark.parametrize("name", sorted(USER_ERRORS))
def test_every_error_that_is_a_sentence_exists_under_its_name(name: str) -> None:
    module, _, kind = name.rpartition(".")
    assert issubclass(getattr(importlib.import_module(module), kind), Exception)


def test_an_unforeseen_error_is_one_line_without_the_token(
    command: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_TOKEN", "123456:very-secret")
    (folder / "breaks.py").write_text(
        "import recommenders.engine, bot.cli.main\n"
        "def load(*_): raise RuntimeError('about 123456:very-secret')\n"
        "recommenders.engine.Engine.load = load\n"
        "bot.cli.main.main()\n"
    )
    done = subprocess.run(
        [command[0], "breaks.py", "recommend", "a.jpg"], capture_output=True, text=True
    )
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "RuntimeError: about <secret> (LOG_LEVEL=DEBUG shows where)" in line


INTERRUPTED = """
import os, runpy, signal, sys

imported = sys.argv.pop(1)

class CtrlC:
    def find_spec(self, name, *_):
        if name == imported:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, CtrlC())
runpy.run_module("bot.cli", run_name="__main__")
"""


@pytest.mark.parametrize("imported", ["typer", "pydantic_settings", "numpy", "openvino"])
def test_ctrl_c_ends_quietly_while_modules_are_imported(
    command: list[str], photo: Photo, imported: str
) -> None:
    arguments = [command[0], "-c", INTERRUPTED, imported, "recommend", photo("a.jpg")]
    done = subprocess.run(arguments, capture_output=True, text=True)
    assert done.returncode in (-signal.SIGINT, 130)
    assert (done.stdout, done.stderr) == ("", "")


def test_ctrl_c_ends_quietly_with_130_after_answers_that_came_at_once(
    command: list[str], photo: Photo
) -> None:
    names = [photo("a.jpg", (1600, 1200))] * 2000
    with started([*command, "recommend", *names, "--json"]) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline().startswith('{"photo": "a.jpg"')
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)  # a terminal reads on, too
        assert (process.returncode, errors) == (130, "")


@pytest.mark.parametrize("options", [("--json",), ()])
def test_a_reader_that_goes_away_ends_it_quietly(
    command: list[str], photo: Photo, options: tuple[str, ...]
) -> None:
    names = [photo("a.jpg", (1600, 1200))] * 2000
    with started([*command, "recommend", *names, *options]) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        process.wait(120)
        assert process.stderr.read() == ""
