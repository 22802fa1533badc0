"""Values inside JSON of which nothing is certain: not where they lie, nor that it can be read."""

import json
import lzma
from pathlib import Path
from typing import Any

_MAX_BYTES = 64 * 2**20


def read_json(path: Path) -> Any:
    """What a file of JSON holds, packed by xz where its name ends so.

    Raises:
        OSError: where the file cannot be read.
        ValueError: where it is no JSON, or too large to be what it should.
    """
    try:
        with (lzma.open if path.suffix == ".xz" else open)(path, "rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise ValueError("too large")
        return json.loads(data)
    except (EOFError, RecursionError, lzma.LZMAError) as error:
        raise ValueError(str(error)) from error


def value_at(node: Any, keys: tuple[str | int, ...]) -> Any:
    """What lies down a path of nested JSON, None where it ends early."""
    for key in keys:
        try:
            node = node[key]
        except (KeyError, IndexError, TypeError):
            return None
    return node


def first_value(
    node: Any, paths: tuple[tuple[str | int, ...], ...], kind: type | tuple[type, ...]
) -> Any:
    """What lies down the first of the paths that leads to a value of this kind, else None."""
    return next((value for keys in paths if isinstance(value := value_at(node, keys), kind)), None)


def list_at(node: Any, keys: tuple[str | int, ...]) -> list[Any]:
    """The list down a path, empty where there is none."""
    value = value_at(node, keys)
    return value if isinstance(value, list) else []
