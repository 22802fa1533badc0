"""Small real sources for the tests of importing."""

import json
import lzma
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from training.datasets.importing import ImportSummary


def picture(seed: int, size: tuple[int, int] = (240, 160)) -> Image.Image:
    """A picture like no other seed's."""
    blocks = np.random.default_rng(seed).integers(0, 256, (8, 12, 3), np.uint8)
    return Image.fromarray(blocks).resize(size, Image.Resampling.BICUBIC)


def photo(path: Path, seed: int, **options: object) -> Path:
    """`picture` as a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(seed).save(path, **options)
    return path


def table(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    """A text file of these lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(line + "\n" for line in lines).encode(encoding))
    return path


def rows(dataset: Path) -> list[dict[str, object]]:
    """What an import wrote."""
    with (dataset / "posts.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def hashtags(dataset: Path) -> list[list[str]]:
    """The hashtags that an import wrote, post by post."""
    return [row["hashtags"] for row in rows(dataset)]  # type: ignore[misc]


def metadata(path: Path, node: dict[str, object], kind: str = "Post") -> None:
    """A ``.json.xz`` as instaloader writes it."""
    content = {"node": node, "instaloader": {"version": "4.14", "node_type": kind}}
    with lzma.open(path, "wt", check=lzma.CHECK_NONE) as file:
        json.dump(content, file)


def as_instagram_exports(content: object) -> str:
    """JSON as Instagram exports it: each byte of a text's UTF-8 as a character of its own."""
    plain = json.dumps(content, ensure_ascii=False)
    return json.dumps(json.loads(plain.encode().decode("latin-1")))


@dataclass(frozen=True)
class Imported:
    """What an import told and wrote."""

    summary: ImportSummary
    rows: list[dict[str, Any]]

    @property
    def hashtags(self) -> list[list[str]]:
        """The hashtags post by post."""
        return [row["hashtags"] for row in self.rows]


Import = Callable[..., Imported]
