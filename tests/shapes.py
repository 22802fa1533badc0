"""A small dataset that can be learnt: photos of coloured shapes, with hashtags that say so."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

COLOURS = {"red": (205, 40, 40), "blue": (40, 70, 200), "green": (40, 160, 70)}
SHAPES = ("circle", "square", "stripes")
WARMTH = {"red": "warm", "blue": "cold", "green": "fresh"}


def draw(colour: str, shape: str, seed: int, side: int = 64) -> Image.Image:
    """A photo of one shape on a grainy ground, another one for each seed."""
    random = np.random.default_rng(seed)
    ground = random.integers(200, 256, (side, side, 3), dtype=np.uint8)
    image = Image.fromarray(ground)
    pen = ImageDraw.Draw(image)
    x, y = (int(value) for value in random.integers(6, 20, 2))
    box = (x, y, x + 36, y + 36)
    if shape == "circle":
        pen.ellipse(box, fill=COLOURS[colour])
    elif shape == "square":
        pen.rectangle(box, fill=COLOURS[colour])
    else:
        for left in range(x % 8, side, 16):
            pen.rectangle((left, 0, left + 7, side), fill=COLOURS[colour])
    return image


def circles(folder: Path, count: int) -> list[Path]:
    """Draws so many different photos; returns their files."""
    folder.mkdir()
    paths = [folder / f"{number}.png" for number in range(count)]
    for number, path in enumerate(paths):
        draw(tuple(COLOURS)[number % 3], "circle", number).save(path)
    return paths


def shapes(folder: Path, photos: int = 60, *, test: int = 18, likes: bool = True) -> Path:
    """Writes the dataset; the last ``test`` posts are its test split. Returns ``folder``.

    Red posts earn most likes. A post says the colour, the shape, and how the colour feels.
    """
    (folder / "images").mkdir(parents=True)
    rows: list[dict[str, Any]] = []
    for number in range(photos):
        colour = tuple(COLOURS)[number % 3]
        shape = SHAPES[number // 3 % 3]
        name = f"images/{number:03}.jpg"
        draw(colour, shape, number).save(folder / name, quality=85)
        row: dict[str, Any] = {
            "image": name,
            "hashtags": [colour, shape, WARMTH[colour]],
            "split": "test" if number >= photos - test else "train",
        }
        if likes:
            row["likes"] = {"red": 300, "blue": 40, "green": 90}[colour] + number
        rows.append(row)
    write_posts(folder, rows)
    return folder


def write_posts(folder: Path, rows: Sequence[object]) -> Path:
    """Writes ``posts.jsonl``, an object a line; returns ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    (folder / "posts.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


def posts_of(folder: Path) -> list[dict[str, Any]]:
    """The objects of ``posts.jsonl``."""
    lines = (folder / "posts.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def small_plan(folder: Path) -> Path:
    """A plan that fits in a second; returns its file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "small.json"
    plan = {
        "als": {"factors": 8, "iterations": 5, "neighbours": 8},
        "head": {"hidden": 48, "epochs": 6, "batch": 16, "patience": 6},
    }
    path.write_text(json.dumps(plan), encoding="utf-8")
    return path
