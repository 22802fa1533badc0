"""Formatted text: the HTML that the bot writes, and the entities that Telegram detects itself.

https://core.telegram.org/bots/api#html-style. Offsets and lengths of entities are in UTF-16 code
units; offsets in error messages are in bytes of UTF-8, as on the real server.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

Entity = dict[str, Any]

STYLES = {"b": "bold", "i": "italic", "code": "code", "a": "text_link"}
"""The tags that the bot's texts use; Telegram knows more."""

WORDS = frozenset({"url", "bot_command", "hashtag", "mention"})
"""The types of entities that Telegram detects itself."""

_KNOWN_TAGS = ", ".join(sorted(STYLES))
_NO_TAG = re.compile(r"<(?!/?[a-zA-Z])")
_STRAY = 'Unclosed tag, or a "<" that should be written as "&lt;"'
_UNKNOWN_REFERENCE = re.compile(r"&(?!(?:lt|gt|amp|quot|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")

_WORDS = re.compile(
    r"""
    (?P<url> (?<![\w@./-]) https?://(?:[^\s<>"«»()]|\([^\s()]*\))+ (?<![.,:;!?'…]) )
    | (?P<bot_command> (?<![\w/<>]) /[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})? (?![\w/]) )
    | (?P<hashtag> (?<![\w·\#]) \#(?=[\w·]*[^\W\d_])[\w·\u200c]{1,256} (?!\#) )
    | (?P<mention> (?<!\w) @[A-Za-z0-9_]{4,32} (?!\w) )
    """,
    re.VERBOSE,
)


class ParseError(ValueError):
    """The text is not valid HTML for Telegram; the message is the server's."""


@dataclass(frozen=True)
class Formatted:
    """A text without tags, and its entities, outer before inner."""

    text: str
    entities: list[Entity] = field(default_factory=list)


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, which is how Telegram counts."""
    return len(text) + sum(character > "\uffff" for character in text)


def parse_html(source: str) -> Formatted:
    """Parses a text with ``parse_mode=HTML``.

    Raises:
        ParseError: with the real server's message, if it has one for the error.
    """
    # Telegram leaves unknown character references as they are.
    reader = _Reader(_UNKNOWN_REFERENCE.sub("&amp;", source))
    return Formatted(reader.text, _ordered(reader.entities))


class _Reader(HTMLParser):
    """Parses a source when created, as strictly as Telegram, unlike ``HTMLParser``."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.text = ""
        self.entities: list[Entity] = []
        self._source = source
        self._tags = 0
        self._open: list[tuple[str, str, int]] = []  # tag, href, offset
        if _NO_TAG.search(source):
            raise ParseError(_STRAY)
        self.feed(source)
        self.close()
        if self._tags != source.count("<"):
            raise ParseError(_STRAY)
        if self._open:
            tag = self._open[-1][0]
            raise ParseError(f'Can\'t find end tag corresponding to start tag "{tag}"')

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tags += 1
        if tag not in STYLES:
            raise ParseError(
                f'Unsupported start tag "{tag}" at byte offset {self._byte_offset()} '
                f"(the local chat reads {_KNOWN_TAGS})"
            )
        self._open.append((tag, dict(attrs).get("href") or "", utf16_length(self.text)))

    def handle_endtag(self, tag: str) -> None:
        self._tags += 1
        if not self._open:
            raise ParseError(f"Unexpected end tag at byte offset {self._byte_offset()}")
        opened, href, offset = self._open.pop()
        if tag != opened:
            raise ParseError(
                f"Unmatched end tag at byte offset {self._byte_offset()}, "
                f'expected "</{opened}>", found "</{tag}>"'
            )
        entity = {"type": STYLES[tag]} if tag != "a" else _link(href)
        if entity and utf16_length(self.text) > offset:
            length = utf16_length(self.text) - offset
            self.entities.append({**entity, "offset": offset, "length": length})

    def _byte_offset(self) -> int:
        line, column = self.getpos()
        lines = self._source.split("\n")
        return len("\n".join([*lines[: line - 1], lines[line - 1][:column]]).encode())


def _link(href: str) -> Entity | None:
    """The entity of an ``<a>``; None for an invalid address, whose text stays plain."""
    if mention := re.fullmatch(r"tg://user\?id=(\d+)", href):
        # ``State`` adds the user's other fields.
        return {"type": "text_mention", "user": {"id": int(mention[1])}}
    if re.match(r"https?://[^\s/]", href):
        return {"type": "text_link", "url": href}
    return None


def with_words(formatted: Formatted) -> Formatted:
    """The text as Telegram stores it: stripped, with detected entities added."""
    text = formatted.text.strip()
    size = utf16_length(text)
    cut = utf16_length(formatted.text[: len(formatted.text) - len(formatted.text.lstrip())])
    entities = []
    for entity in formatted.entities:
        begin = max(0, entity["offset"] - cut)
        end = min(size, entity["offset"] + entity["length"] - cut)
        if begin < end:
            entities.append({**entity, "offset": begin, "length": end - begin})
    # Nothing is detected inside code and links.
    hiding = [e for e in entities if e["type"] in ("code", "text_link", "text_mention")]
    words = [word for word in find_words(text) if not any(_overlap(word, e) for e in hiding)]
    return Formatted(text, _ordered([*entities, *words]))


def find_words(text: str) -> Iterator[Entity]:
    """Detects links, commands, hashtags and mentions, in order and without overlaps."""
    for match in _WORDS.finditer(text):
        begin, end = match.span()
        yield {
            "type": match.lastgroup,
            "offset": utf16_length(text[:begin]),
            "length": utf16_length(text[begin:end]),
        }


def _overlap(one: Entity, other: Entity) -> bool:
    return bool(
        one["offset"] < other["offset"] + other["length"]
        and other["offset"] < one["offset"] + one["length"]
    )


def _ordered(entities: Sequence[Entity]) -> list[Entity]:
    return sorted(entities, key=lambda e: (e["offset"], -e["length"]))
