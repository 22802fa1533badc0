"""A folder of photos that carry their keywords: IPTC, as press agencies write them, or XMP.

IPTC-IIM 4.2, record 2, dataset 25 (keywords) and record 1, dataset 90 (their encoding); XMP part 1,
``dc:subject``. Lightroom, digiKam, Photo Mechanic and others write both.
"""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image, IptcImagePlugin

from recommenders.photos import SUFFIXES
from training.datasets.format import Post, canonical_hashtags
from training.datasets.importing.import_summary import ImportSummary
from training.datasets.importing.photo_paths import files_below, find_photo
from training.datasets.importing.readers.text_values import hashtags_of_keywords

_KEYWORDS = (2, 25)
_ENCODING = (1, 90)
_UTF8 = b"\x1b%G"
_SUBJECT = "{http://purl.org/dc/elements/1.1/}subject"
_ITEM = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"
_MAX_XMP = 4 * 2**20
_MAX_KEYWORDS = 1000


def read(source: Path, summary: ImportSummary) -> Iterator[Post]:
    """A post for each photo of the folder and its subfolders."""
    root = source.resolve()
    for path in files_below(root, summary):
        if path.suffix.lower() not in SUFFIXES:
            continue
        where = path.relative_to(root).as_posix()
        image = find_photo(root, where, where, summary)
        if image is not None:
            tags = hashtags_of_keywords(_keywords(image, where, summary), summary.hyphenated)
            yield Post(canonical_hashtags(tags, where, summary.problems), image)


def _keywords(path: Path, where: str, summary: ImportSummary) -> list[str]:
    """IPTC and XMP keywords of a photo, in order; empty where it has none or cannot be read."""
    try:
        with Image.open(path) as image:
            return [*_iptc(image), *_xmp(image.info.get("xmp"), where, summary)]
    except Exception:  # a photo that cannot be read is reported when its pixels are
        return []


def _iptc(image: Image.Image) -> list[str]:
    records = IptcImagePlugin.getiptcinfo(image) or {}  # type: ignore[arg-type]
    values = records.get(_KEYWORDS, [])
    values = values if isinstance(values, list) else [values]
    is_utf8 = records.get(_ENCODING) == _UTF8
    return [_decode(value, is_utf8) for value in values[:_MAX_KEYWORDS]]


def _decode(value: bytes, is_utf8: bool) -> str:
    """Programs often do not declare UTF-8; what is not UTF-8 is taken for Western (cp1252)."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("utf-8" if is_utf8 else "cp1252", errors="replace")


class _NoDocumentType(ElementTree.TreeBuilder):
    """Refuses a packet that declares a document type: it could define exploding entities."""

    def doctype(self, *_: object) -> None:
        raise ElementTree.ParseError("a document type")


def _xmp(packet: bytes | str | None, where: str, summary: ImportSummary) -> list[str]:
    """The texts of ``dc:subject``.

    Pillow's own ``getxmp`` would need another package, and bounds neither size nor depth.
    """
    packet = packet.encode() if isinstance(packet, str) else packet or b""
    packet = packet.strip(b"\0 \r\n\t")
    if len(packet) > _MAX_XMP:
        summary.problems.add("XMP is too large", where)
        return []
    if not packet:
        return []
    try:
        parser = ElementTree.XMLParser(target=_NoDocumentType())
        root: ElementTree.Element = ElementTree.fromstring(packet, parser)
    except ElementTree.ParseError:
        summary.problems.add("XMP cannot be read", where)
        return []
    items = (item for subject in root.iter(_SUBJECT) for item in subject.iter(_ITEM))
    return ["".join(item.itertext()) for item in items][:_MAX_KEYWORDS]
