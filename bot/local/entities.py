"""Entities that Telegram finds by itself (hashtags, commands, links), and the form it keeps.

A bot's text and a person's text get them alike. Code, links and mentions with a target hide what
they cover.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import accumulate

from bot.local.formatting import Entity, Formatted, ordered
from bot.local.rules import bad_request, utf16_length

SPLITTABLE = ("bold", "italic", "underline", "strikethrough", "spoiler")
_CODE = ("code", "pre")
_WHOLE = (*_CODE, "text_link", "text_mention", "custom_emoji")
_QUOTES = ("blockquote", "expandable_blockquote")
_TYPES = frozenset((*SPLITTABLE, *_WHOLE, *_QUOTES))
_FOUND = frozenset(("mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number"))

_TLDS = "com|org|net|edu|gov|info|io|app|dev|me|tv|ai|co|ru|su|рф|uk|de|fr|it|es|eu|nl|pl|ua|by|kz"
_PATTERNS = (
    (
        "url",
        re.compile(
            r"(?<![\w@./-])(?:(?:https?|tg)://[^\s<>\"«»]+"
            rf"|(?:[^\W_](?:[\w-]*[^\W_])?\.)+(?:{_TLDS})(?![\w-])(?::\d+)?(?:[/?#][^\s<>\"«»]*)?)",
            re.IGNORECASE,
        ),
    ),
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?![\w-])")),
    (
        "bot_command",
        re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])"),
    ),
    ("hashtag", re.compile(r"(?<![\w·#])#(?=[\w·]*[^\W\d_])[\w·\u200c]{1,256}(?!#)")),
    ("mention", re.compile(r"(?<!\w)@[A-Za-z0-9_]{4,32}(?!\w)")),
)
_TRAILING = ".,:;!?'\"»…"


def find(text: str) -> list[Entity]:
    """Entities that the text's own words make, in order, none inside another."""
    starts = _utf16_starts(text)
    taken: list[tuple[int, int]] = []
    found = []
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            begin, end = match.span()
            if kind == "url":
                end = begin + len(_without_trailing(match.group()))
            if any(begin < other_end and other < end for other, other_end in taken):
                continue
            taken.append((begin, end))
            found.append(
                {"type": kind, "offset": starts[begin], "length": starts[end] - starts[begin]}
            )
    return ordered(found)


def _without_trailing(url: str) -> str:
    """A link ends before the punctuation of its sentence, and before a bracket it did not open."""
    while url:
        if url[-1] in _TRAILING or (url[-1] == ")" and url.count("(") < url.count(")")):
            url = url[:-1]
        else:
            break
    return url


def _utf16_starts(text: str) -> list[int]:
    """UTF-16 offset of every character, and of the end."""
    return list(accumulate((1 + (character > "\uffff") for character in text), initial=0))


def keep(formatted: Formatted) -> Formatted:
    """The text and entities as the server keeps them.

    Carriage returns go, other control characters become spaces, white space at both ends goes;
    styles of one kind are united and never lie in code; entities of words are added.
    """
    text, entities = _cleaned(formatted)
    whole = _outer(e for e in entities if e["type"] in _WHOLE)
    code = [_span(e) for e in whole if e["type"] in _CODE]
    kept: list[Entity] = [*whole, *_outer(e for e in entities if e["type"] in _QUOTES)]
    for kind in SPLITTABLE:
        spans = _united(_span(e) for e in entities if e["type"] == kind)
        for begin, end in _minus(spans, code):
            kept.append({"type": kind, "offset": begin, "length": end - begin})
    hidden = [_span(e) for e in whole]
    for entity in find(text):
        begin, end = _span(entity)
        if not any(begin < other_end and other < end for other, other_end in hidden):
            kept.append(entity)
    for entity in kept:
        if entity["type"] == "code":
            entity.pop("language", None)
    return Formatted(text, ordered(kept))


def from_parameter(text: str, entities: object) -> Formatted:
    """A text with the ``entities`` that a bot gave; RefusalError for what is none."""
    if not isinstance(entities, list):
        raise bad_request("can't parse entities: expected an Array of MessageEntity")
    size = utf16_length(text)
    kept = []
    for entity in entities:
        if not isinstance(entity, dict) or not {"type", "offset", "length"} <= set(entity):
            raise bad_request("can't parse MessageEntity: type, offset and length expected")
        if entity["type"] in _FOUND:
            continue
        if entity["type"] not in _TYPES:
            raise bad_request("can't parse MessageEntity: Unsupported type specified")
        begin, end = _span(entity)
        if begin < 0 or end > size or begin >= end:
            raise bad_request(f"entity of type {entity['type']} is outside of the text")
        kept.append(dict(entity))
    return Formatted(text, ordered(kept))


def _span(entity: Entity) -> tuple[int, int]:
    return entity["offset"], entity["offset"] + entity["length"]


def _cleaned(formatted: Formatted) -> tuple[str, list[Entity]]:
    text = formatted.text
    shown = [i for i, character in enumerate(text) if character > " " and not character.isspace()]
    begin, end = (shown[0], shown[-1] + 1) if shown else (0, 0)
    characters = []
    offsets = [0]
    at = 0
    for index, character in enumerate(text):
        if begin <= index < end and character != "\r":
            if character < " " and character != "\n":
                character = " "
            characters.append(character)
            at += 1 + (character > "\uffff")
        # A surrogate pair has two old offsets; both ends of it count.
        offsets += [at] * (1 + (character > "\uffff"))
    last = len(offsets) - 1
    entities = []
    for entity in formatted.entities:
        first, after = _span(entity)
        moved = offsets[min(first, last)]
        length = offsets[min(after, last)] - moved
        if length > 0:
            entities.append({**entity, "offset": moved, "length": length})
    return "".join(characters), entities


def _outer(entities: Iterable[Entity]) -> list[Entity]:
    """Entities that cannot lie in each other: the outer one stays."""
    kept: list[Entity] = []
    for entity in ordered(list(entities)):
        if not kept or entity["offset"] >= _span(kept[-1])[1]:
            kept.append(entity)
    return kept


def _united(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    united: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if united and begin <= united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((begin, end))
    return united


def _minus(
    spans: Sequence[tuple[int, int]], holes: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """What is left of the spans outside the holes; both sorted and without overlaps."""
    left = []
    for begin, end in spans:
        for hole, hole_end in holes:
            if hole_end <= begin or end <= hole:
                continue
            if begin < hole:
                left.append((begin, hole))
            begin = max(begin, hole_end)
        if begin < end:
            left.append((begin, end))
    return left
