"""Small copies of photos to lie inside the page."""

from base64 import b64encode
from io import BytesIO
from pathlib import Path

from PIL import Image

from recommenders.photos import PhotoError, decode

SIDE = 200
"""Pixels of a thumbnail's longer side, at most."""


def data_uri(photo: Path) -> str | None:
    """A photo as a small JPEG in a ``data:`` address; None where it cannot be read any more."""
    try:
        image = decode(photo)
    except (PhotoError, OSError):
        return None
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    buffer = BytesIO()
    # Without the original's metadata: a page that is passed on should not tell where people live.
    image.save(buffer, "JPEG", quality=72, optimize=True)
    return f"data:image/jpeg;base64,{b64encode(buffer.getvalue()).decode('ascii')}"
