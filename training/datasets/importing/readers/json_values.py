"""Reads values from JSON of uncertain structure."""

import json
import lzma
from pathlib import Path
from typing import Any

_MAX_BYTES = 64 * 2**20


def read_json(path: Path) -> Any:
    """Reads a file of JSON, which may be compressed (``.xz``).

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it is not JSON, or too large.
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
    """The value at a path in nested JSON, None if there is none."""
    for key in keys:
        try:
            node = node[key]
        except (KeyError, IndexError, TypeError):
            return None
    return node


def first_value(
    node: Any, paths: tuple[tuple[str | int, ...], ...], kind: type | tuple[type, ...]
) -> Any:
    """The value at the first of the paths that leads to one of this type, else None."""
    return next((value for keys in paths if isinstance(value := value_at(node, keys), kind)), None)


def list_at(node: Any, keys: tuple[str | int, ...]) -> list[Any]:
    """The list at a path, empty if there is none."""
    value = value_at(node, keys)
    return value if isinstance(value, list) else []
