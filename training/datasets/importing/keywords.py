"""A folder of photos that carry their keywords: IPTC, as press agencies write them, or XMP.

IPTC-IIM 4.2, record 2, dataset 25 (keywords) and record 1, dataset 90 (their encoding); XMP part 1,
``dc:subject``. Lightroom, digiKam, Photo Mechanic and others write both.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from PIL import Image, IptcImagePlugin

from training.datasets.format import Post, canonical
from training.datasets.importing import words
from training.datasets.importing.findings import Findings

SUFFIXES = (".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".webp", ".png", ".avif", ".heic")
_KEYWORDS = (2, 25)
_ENCODING = (1, 90)
_UTF8 = b"\x1b%G"
_SUBJECT = "http://purl.org/dc/elements/1.1/ subject"
_ITEM = "http://www.w3.org/1999/02/22-rdf-syntax-ns# li"
_MAX_XMP = 4 * 2**20
_MAX_KEYWORDS = 1000


def read(source: Path, findings: Findings) -> Iterator[Post]:
    """A post for each photo of the folder and of the folders in it."""
    root = source.resolve()
    for folder, inside, names in os.walk(root):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        for name in sorted(names):
            if name.startswith(".") or not name.lower().endswith(SUFFIXES):
                continue
            where = (Path(folder) / name).relative_to(root).as_posix()
            image = findings.photo(root, where, where)
            if image is not None:
                tags = words.in_keywords(keywords_of(image, where, findings))
                yield Post(hashtags=canonical(tags, where, findings.problems), image=image)


def keywords_of(path: Path, where: str, findings: Findings) -> list[str]:
    """IPTC and XMP keywords of a photo, in order; empty where it has none or cannot be read."""
    try:
        with Image.open(path) as image:
            return [*_iptc(image), *_xmp(image.info.get("xmp"), where, findings)]
    except Exception:  # a photo that cannot be read is told when its pixels are
        return []


def _iptc(image: Image.Image) -> list[str]:
    found = IptcImagePlugin.getiptcinfo(image) or {}  # type: ignore[arg-type]
    values = found.get(_KEYWORDS, [])
    encoding = found.get(_ENCODING)
    values = values if isinstance(values, list) else [values]
    return [_text(value, encoding == _UTF8) for value in values[:_MAX_KEYWORDS]]


def _text(value: bytes, is_utf8: bool) -> str:
    """Programs forget to say that they write UTF-8; what is no UTF-8 is taken for Western."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("utf-8" if is_utf8 else "cp1252", errors="replace")


def _xmp(packet: object, where: str, findings: Findings) -> list[str]:
    """The texts of ``dc:subject``.

    A packet that declares a document type is refused: it could define entities that grow.
    """
    if isinstance(packet, str):
        packet = packet.encode()
    if not isinstance(packet, bytes) or not packet.strip(b"\0 \r\n\t"):
        return []
    if len(packet) > _MAX_XMP:
        findings.problems.add("XMP is too large", where)
        return []
    reader = _Subject()
    try:
        reader.parser.Parse(packet.strip(b"\0 \r\n\t"), True)
    except (expat.ExpatError, _RefusedError):
        findings.problems.add("XMP cannot be read", where)
    return reader.texts[:_MAX_KEYWORDS]


class _RefusedError(Exception):
    pass


class _Subject:
    """Collects the items of ``dc:subject`` while expat walks the packet."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._in_subject = False
        self._item: list[str] | None = None
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data

    def _doctype(self, *_: object) -> None:
        raise _RefusedError

    def _start(self, name: str, _: object) -> None:
        if name == _SUBJECT:
            self._in_subject = True
        elif name == _ITEM and self._in_subject:
            self._item = []

    def _end(self, name: str) -> None:
        if name == _SUBJECT:
            self._in_subject = False
        elif name == _ITEM and self._item is not None:
            self.texts.append("".join(self._item))
            self._item = None

    def _data(self, text: str) -> None:
        if self._item is not None:
            self._item.append(text)
