"""Bytes of a text file to text, when nobody says which encoding they are in."""

import codecs
import re

from training.datasets.format import DatasetError
from training.datasets.importing.findings import Findings

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UTF8_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_HIGH = re.compile(rb"[\x80-\xff]+")
_HOW = " If letters look wrong, save the file as UTF-8 and import again."


def decode_text(data: bytes, name: str, findings: Findings) -> str:
    """The text of a file: UTF-8 and UTF-16 are recognised, an older encoding is guessed and told.

    Raises:
        DatasetError: for a file that is no text.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if b"\0" in data[:4096] and not _is_utf8(data):
        return _without_mark(data, name)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        broken = error
    high = sum(map(len, _HIGH.findall(data)))
    utf8 = sum(map(len, _UTF8_SEQUENCE.findall(data)))
    if utf8 > 0.9 * high:
        findings.notes.append(
            f"{name} is UTF-8 with broken bytes (the first at byte {broken.start:,}); hashtags "
            "that hold them are left out."
        )
        return data.decode("utf-8", errors="replace")
    # Cyrillic words are runs of high bytes; in a Western text these stand alone among ASCII.
    runs = sum(len(run) for run in _HIGH.findall(data) if len(run) > 2)
    encoding, label = ("cp1251", "Cyrillic") if runs > 0.5 * high else ("cp1252", "Western")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        encoding, label, text = "latin-1", "Western", data.decode("latin-1")
    findings.notes.append(f"{name} is not UTF-8; it was read as {encoding} ({label})." + _HOW)
    return text


def _is_utf8(data: bytes) -> bool:
    """UTF-8 with a stray zero byte or so; in UTF-16 of Western text every other byte is one."""
    if data[:4096].count(0) > 0.1 * len(data[:4096]):
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _without_mark(data: bytes, name: str) -> str:
    """UTF-16 that does not say so: in text of ours every other byte is mostly zero."""
    head = data[:4096]
    for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
        if zeros.count(0) > 0.4 * len(zeros):
            return data.decode(encoding, errors="replace")
    raise DatasetError(
        f"{name} is not a text file. If it comes from a spreadsheet, save it as CSV (UTF-8)."
    )
