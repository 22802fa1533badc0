"""A bundle is put where all replicas take it from, and commands answer with it, too."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def test_the_bundle_in_use_is_published_and_recommend_answers_with_it(
    tag4pic: Callable[..., Any], folder: Path, bundle: Path, photo: Callable[..., str]
) -> None:
    (folder / "shelf").mkdir()
    picture = photo("a.jpg")
    published = tag4pic("train", "publish", "shelf")
    assert (published.exit_code, published.stdout) == (0, "tiny-1 is published at shelf.\n")
    direct = tag4pic("recommend", picture)
    shared = tag4pic("recommend", picture, env={"MODEL_DIR": "", "BUNDLE": "shelf"})
    assert (shared.exit_code, shared.stdout) == (0, direct.stdout)
    nowhere = tag4pic("recommend", picture, env={"MODEL_DIR": "", "BUNDLE": "nowhere"})
    assert nowhere.exit_code == 0 and nowhere.stdout == direct.stdout  # the one fetched last
    assert "The bundle fetched last time answers. nowhere has no current.json" in nowhere.stderr


def test_doctor_warns_where_bundle_cannot_be_reached(
    tag4pic: Callable[..., Any], folder: Path
) -> None:
    (folder / "shelf").mkdir()
    tag4pic("train", "publish", "shelf")
    for address, state in (("shelf", "ok"), ("nowhere", "warning")):
        env = {"MODEL_DIR": "", "BUNDLE": address, "TELEGRAM_API_URL": "http://127.0.0.1:9"}
        checks = json.loads(tag4pic("doctor", "--json", env=env).stdout)["checks"]
        (check,) = (check for check in checks if check["name"] == "bundle")
        assert check["state"] == state and "tiny-1" in check["found"]
    assert "no bundle has been published there" in check["advice"]


def test_publishing_warns_where_copies_lack_the_network(
    tag4pic: Callable[..., Any], folder: Path, bundle: Path
) -> None:
    (folder / "shelf").mkdir()
    published = tag4pic("train", "publish", "shelf")
    assert published.stderr.startswith(
        "It sees with efficientnet_lite0: containers need the weight"
    )
    starter = tag4pic("train", "publish", "shelf", env={"MODEL_DIR": ""})
    assert (starter.exit_code, starter.stderr) == (0, "")


@pytest.mark.parametrize("address", ["", " "])
def test_nothing_is_published_at_an_empty_address(
    tag4pic: Callable[..., Any], folder: Path, address: str
) -> None:
    result = tag4pic("train", "publish", address)
    assert result.exit_code == 1 and "The address is empty: name a folder" in result.stderr
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("address", ["https://[", "http://a..b/bundles"])
def test_what_is_no_address_is_told_in_words(
    tag4pic: Callable[..., Any], folder: Path, address: str
) -> None:
    pytest.importorskip("fsspec")
    result = tag4pic("tags", "sizes", env={"MODEL_DIR": "", "BUNDLE": address})
    assert result.exit_code == 1 and "cannot be used (it is not an address)" in result.stderr
