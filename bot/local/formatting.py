"""Telegram's HTML: parse_mode=HTML into text and entities, and entities back into safe HTML.

Rules: https://core.telegram.org/bots/api#html-style. Offsets and lengths of entities are in UTF-16
code units; offsets in error messages are in bytes of UTF-8, as on the real server.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bot.local.rules import check_link, utf16_length

Entity = dict[str, Any]

_STYLES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "blockquote": "blockquote",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "tg-emoji": "custom_emoji",
}
_SPACE = " \t\r\n\f\v\0"
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([a-zA-Z]+));?")


class ParseError(ValueError):
    """The text is not the HTML that Telegram takes; the message is the server's."""


@dataclass(frozen=True)
class Formatted:
    """A text and its entities."""

    text: str
    entities: list[Entity] = field(default_factory=list)


@dataclass
class _Open:
    tag: str
    argument: str
    offset: int
    piece: int


def parse_html(source: str) -> Formatted:
    """Parse ``parse_mode=HTML``.

    Returns the text without its tags, and its entities sorted by offset, outer before inner.
    Raises ParseError with the words of the real server.
    """
    return _Reader(source).read()


class _Reader:
    """One pass over the source; ``pos`` is an index of characters."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.pos = 0
        self.offset = 0
        self.pieces: list[str] = []
        self.open: list[_Open] = []
        self.entities: list[Entity] = []

    def read(self) -> Formatted:
        while self.pos < len(self.source):
            character = self.source[self.pos]
            if character == "<":
                if self.source.startswith("</", self.pos):
                    self._end_tag()
                else:
                    self._start_tag()
                continue
            if character == "&":
                decoded, after = _reference(self.source, self.pos)
                self._emit(decoded)
                self.pos = after
                continue
            self._emit(character)
            self.pos += 1
        if self.open:
            raise ParseError(
                f'Can\'t find end tag corresponding to start tag "{self.open[-1].tag}"'
            )
        text = "".join(self.pieces)
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise ParseError(
                "Text contains invalid Unicode characters after decoding HTML entities, "
                "check for unmatched surrogate code units"
            )
        return Formatted(text, ordered(self.entities))

    def _emit(self, text: str) -> None:
        self.pieces.append(text)
        self.offset += utf16_length(text)

    def _byte(self, pos: int) -> int:
        return len(self.source[:pos].encode(errors="surrogatepass"))

    def _skip(self, pos: int, characters: str) -> int:
        while pos < len(self.source) and self.source[pos] in characters:
            pos += 1
        return pos

    def _until(self, pos: int, characters: str) -> int:
        while pos < len(self.source) and self.source[pos] not in characters:
            pos += 1
        return pos

    def _start_tag(self) -> None:
        begin = self.pos
        at = self._byte(begin)
        pos = self._until(begin + 1, _SPACE + ">")
        if pos == len(self.source):
            raise ParseError(f"Unclosed start tag at byte offset {at}")
        tag = self.source[begin + 1 : pos].lower()
        if tag not in _STYLES:
            raise ParseError(f'Unsupported start tag "{tag}" at byte offset {at}')
        argument = ""
        while True:
            pos = self._skip(pos, _SPACE)
            if pos == len(self.source):
                raise ParseError(f'Unclosed start tag "{tag}" at byte offset {at}')
            if self.source[pos] == ">":
                break
            name, value, pos = self._attribute(tag, at, pos)
            argument = _argument(tag, name, value) or argument
        if tag == "span" and argument != "spoiler":
            raise ParseError(f'Tag "span" must have class "tg-spoiler" at byte offset {at}')
        self.open.append(_Open(tag, argument, self.offset, len(self.pieces)))
        self.pos = pos + 1

    def _attribute(self, tag: str, at: int, pos: int) -> tuple[str, str, int]:
        end = self._until(pos, _SPACE + "=>")
        name = self.source[pos:end]
        if not name:
            raise ParseError(f'Empty attribute name in the tag "{tag}" at byte offset {at}')
        pos = self._skip(end, _SPACE)
        if not self.source.startswith("=", pos):
            # The one attribute that Telegram documents without a value.
            if (tag, name) == ("blockquote", "expandable"):
                return name, "", pos
            raise ParseError(
                "Expected equal sign in declaration of an attribute of the tag "
                f'"{tag}" at byte offset {at}'
            )
        pos = self._skip(pos + 1, _SPACE)
        if pos == len(self.source):
            raise ParseError(f'Unclosed start tag "{tag}" at byte offset {at}')
        quote = self.source[pos]
        if quote in "'\"":
            return self._quoted(name, quote, at, pos + 1)
        end = pos
        while end < len(self.source) and re.match(r"[0-9a-zA-Z.-]", self.source[end]):
            end += 1
        if end == len(self.source) or self.source[end] not in _SPACE + ">":
            raise ParseError(f"Unexpected end of name token at byte offset {self._byte(pos)}")
        return name, self.source[pos:end].lower(), end

    def _quoted(self, name: str, quote: str, at: int, pos: int) -> tuple[str, str, int]:
        value = ""
        while pos < len(self.source) and self.source[pos] != quote:
            if self.source[pos] == "&":
                decoded, pos = _reference(self.source, pos)
                value += decoded
            else:
                value += self.source[pos]
                pos += 1
        if pos + 1 >= len(self.source):
            raise ParseError(f"Unclosed start tag at byte offset {at}")
        return name, value, pos + 1

    def _end_tag(self) -> None:
        at = self._byte(self.pos)
        if not self.open:
            raise ParseError(f"Unexpected end tag at byte offset {at}")
        end = self._until(self.pos + 2, _SPACE + ">")
        name = self.source[self.pos + 2 : end].lower()
        end = self._skip(end, _SPACE)
        if not self.source.startswith(">", end):
            raise ParseError(f"Unclosed end tag at byte offset {at}")
        opened = self.open[-1]
        if name and name != opened.tag:
            raise ParseError(
                f'Unmatched end tag at byte offset {at}, expected "</{opened.tag}>", '
                f'found "</{name}>"'
            )
        self.open.pop()
        self.pos = end + 1
        if self.offset > opened.offset:
            self._close(opened)

    def _close(self, opened: _Open) -> None:
        entity: Entity = {
            "type": _STYLES[opened.tag],
            "offset": opened.offset,
            "length": self.offset - opened.offset,
        }
        last = self.entities[-1] if self.entities else None
        covered = last is not None and all(last[k] == entity[k] for k in ("offset", "length"))
        if opened.tag == "a":
            target = _link(opened.argument or "".join(self.pieces[opened.piece :]))
            if target is None:
                return
            entity |= target
        elif opened.tag == "tg-emoji":
            if not re.fullmatch(r"[1-9][0-9]{0,18}", opened.argument):
                raise ParseError("Invalid custom emoji identifier specified")
            entity["custom_emoji_id"] = opened.argument
        elif opened.tag == "blockquote" and opened.argument:
            entity["type"] = "expandable_blockquote"
        elif opened.tag == "pre" and covered and last and last["type"] == "code":
            # <pre><code class="language-x"> is one entity; the code around it says the language.
            if language := last.get("language"):
                self.entities.pop()
                entity["language"] = language
        elif opened.tag == "code" and opened.argument:
            if covered and last and last["type"] == "pre":
                last["language"] = opened.argument
                return
            entity["language"] = opened.argument
        self.entities.append(entity)


def _reference(source: str, pos: int) -> tuple[str, int]:
    """The character that a reference at ``pos`` stands for, and where the source goes on.

    References that Telegram does not know are text.
    """
    match = _REFERENCE.match(source, pos)
    if match:
        hexadecimal, decimal, name = match.groups()
        if name in _NAMED:
            return _NAMED[name], match.end()
        if not name and match.end() - pos <= 10:
            code = int(hexadecimal, 16) if hexadecimal else int(decimal)
            if 0 < code < 0x10FFFF:
                return chr(code), match.end()
    return "&", pos + 1


def _argument(tag: str, name: str, value: str) -> str:
    """What an attribute means for its tag; attributes that mean nothing are ignored."""
    if (tag, name) in (("a", "href"), ("tg-emoji", "emoji-id")):
        return value
    if (tag, name) == ("code", "class") and value.startswith("language-"):
        return value.removeprefix("language-")
    if (tag, name) == ("span", "class") and value.startswith("tg-"):
        return value.removeprefix("tg-")
    if (tag, name) == ("blockquote", "expandable"):
        return "expandable"
    return ""


def _link(url: str) -> Entity | None:
    parts = urlsplit(url) if url.startswith("tg:") else None
    if parts and (parts.netloc or parts.path) == "user":
        user = parse_qs(parts.query).get("id", [""])[0]
        if user.isdecimal():
            # The user is filled in by the chat, which knows its members.
            return {"type": "text_mention", "user": {"id": int(user)}}
    checked = check_link(url)
    return {"type": "text_link", "url": checked} if checked else None


_OUTERMOST = ("blockquote", "expandable_blockquote", "pre", "text_link")


def ordered(entities: Sequence[Entity]) -> list[Entity]:
    """Entities by offset, the longer first, quotes outside other styles."""
    rank = {name: index for index, name in enumerate(_OUTERMOST)}
    return sorted(
        entities,
        key=lambda e: (e["offset"], -e["length"], rank.get(e["type"], len(rank)), e["type"]),
    )


def render(text: str, entities: Sequence[Entity]) -> str:
    """Safe HTML of a message: only the tags below, everything else escaped.

    ``b i u s code pre blockquote``, ``a`` with http, https, tg or mailto, and ``span`` with one of
    the classes tg-spoiler, hashtag, mention, bot-command, tg-emoji. Line breaks stay ``\\n``.
    """
    units = text.encode("utf-16-le")
    size = len(units) // 2
    order = [e for e in ordered(entities) if e["length"] > 0]
    edges = {0, size}
    for entity in order:
        edges |= {min(entity["offset"], size), min(entity["offset"] + entity["length"], size)}
    bounds = sorted(edges)
    parts: list[str] = []
    stack: list[int] = []
    for start, end in pairwise(bounds):
        active = [
            index
            for index, e in enumerate(order)
            if e["offset"] <= start and end <= e["offset"] + e["length"]
        ]
        common = 0
        while common < min(len(stack), len(active)) and stack[common] == active[common]:
            common += 1
        parts += [_tags(order[i], units)[1] for i in reversed(stack[common:])]
        parts += [_tags(order[i], units)[0] for i in active[common:]]
        stack = active
        parts.append(html.escape(_slice(units, start, end), quote=False))
    parts += [_tags(order[i], units)[1] for i in reversed(stack)]
    return "".join(parts)


def _slice(units: bytes, start: int, end: int) -> str:
    return units[2 * start : 2 * end].decode("utf-16-le", errors="replace")


_SIMPLE = {
    "bold": ("<b>", "</b>"),
    "italic": ("<i>", "</i>"),
    "underline": ("<u>", "</u>"),
    "strikethrough": ("<s>", "</s>"),
    "code": ("<code>", "</code>"),
    "blockquote": ("<blockquote>", "</blockquote>"),
    "expandable_blockquote": ("<blockquote expandable>", "</blockquote>"),
    "spoiler": ('<span class="tg-spoiler">', "</span>"),
    "hashtag": ('<span class="hashtag">', "</span>"),
    "mention": ('<span class="mention">', "</span>"),
    "text_mention": ('<span class="mention">', "</span>"),
    "bot_command": ('<span class="bot-command">', "</span>"),
    "custom_emoji": ('<span class="tg-emoji">', "</span>"),
}


def _tags(entity: Entity, units: bytes) -> tuple[str, str]:
    kind = entity["type"]
    if kind == "pre":
        language = entity.get("language")
        if not language:
            return "<pre>", "</pre>"
        name = html.escape(language)
        return f'<pre><code class="language-{name}">', "</code></pre>"
    if kind in ("text_link", "url", "email"):
        covered = _slice(units, entity["offset"], entity["offset"] + entity["length"])
        if kind == "email":
            target: str | None = f"mailto:{covered}"
        else:
            target = check_link(entity.get("url", covered))
        if not target:
            return "", ""
        address = html.escape(target)
        return f'<a href="{address}" target="_blank" rel="noopener noreferrer">', "</a>"
    return _SIMPLE.get(kind, ("", ""))
