"""Telegram's HTML becomes text and entities, and entities become safe HTML."""

import contextlib
import html
import re
from html.parser import HTMLParser
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.local.entities import find, keep
from bot.local.formatting import Formatted, ParseError, parse_html, render
from bot.local.rules import utf16_length


def spans(text: str, entities: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """(type, covered text) of each entity."""
    units = text.encode("utf-16-le")
    return [
        (e["type"], units[2 * e["offset"] : 2 * (e["offset"] + e["length"])].decode("utf-16-le"))
        for e in entities
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<b>a</b>", [("bold", "a")]),
        ("<strong>a</strong>", [("bold", "a")]),
        ("<i>a</i><em>b</em>", [("italic", "a"), ("italic", "b")]),
        ("<u>a</u>", [("underline", "a")]),
        ("<ins>a</ins>", [("underline", "a")]),
        ("<s>a</s>", [("strikethrough", "a")]),
        ("<strike>a</strike>", [("strikethrough", "a")]),
        ("<del>a</del>", [("strikethrough", "a")]),
        ("<tg-spoiler>a</tg-spoiler>", [("spoiler", "a")]),
        ('<span class="tg-spoiler">a</span>', [("spoiler", "a")]),
        ("<code>a</code>", [("code", "a")]),
        ("<pre>a</pre>", [("pre", "a")]),
        ("<blockquote>a</blockquote>", [("blockquote", "a")]),
        ("<blockquote expandable>a</blockquote>", [("expandable_blockquote", "a")]),
        ('<tg-emoji emoji-id="5368324170671202286">👍</tg-emoji>', [("custom_emoji", "👍")]),
        ('<a href="https://a.org/?x=1&amp;y=2">a</a>', [("text_link", "a")]),
        ("<A href='a.org'>a</A>", [("text_link", "a")]),
        ("<b>🐶<i>dog</i></b> cat", [("bold", "🐶dog"), ("italic", "dog")]),
        ("&lt;b&gt; &amp;amp; &quot;&#33;&#x1F436;", []),
        ("&nbsp; &copy; AT&T", []),
        ("<b>a</>", [("bold", "a")]),
    ],
)
def test_every_tag_of_telegram_becomes_its_entity(
    source: str, expected: list[tuple[str, str]]
) -> None:
    parsed = parse_html(source)
    assert spans(parsed.text, parsed.entities) == expected


def test_references_are_decoded_once_and_unknown_ones_stay() -> None:
    assert parse_html("&lt;b&gt; &amp;amp; &quot;&#33;&#x1F436;").text == '<b> &amp; "!🐶'
    assert parse_html("&nbsp; &copy; AT&T").text == "&nbsp; &copy; AT&T"


def test_a_language_makes_code_in_pre_one_entity() -> None:
    parsed = parse_html('<pre><code class="language-python">x = 1</code></pre>')
    assert parsed.entities == [{"type": "pre", "offset": 0, "length": 5, "language": "python"}]
    assert render(parsed.text, parsed.entities) == (
        '<pre><code class="language-python">x = 1</code></pre>'
    )


def test_links_are_completed_and_bad_ones_are_plain_text() -> None:
    assert parse_html('<a href="Example.org">x</a>').entities[0]["url"] == "http://example.org/"
    assert parse_html("<a>example.org</a>").entities[0]["url"] == "http://example.org/"
    assert parse_html('<a href="javascript:alert(1)">x</a>') == Formatted("x", [])
    user = parse_html('<a href="tg://user?id=42">x</a>').entities[0]
    assert (user["type"], user["user"]) == ("text_mention", {"id": 42})


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("🐶 <abc", "Unclosed start tag at byte offset 5"),
        ("🐶 <abc def>", 'Unsupported start tag "abc" at byte offset 5'),
        ("<br>", 'Unsupported start tag "br" at byte offset 0'),
        ("1 < 2 > 0", 'Unsupported start tag "" at byte offset 2'),
        ("<i  =x>", 'Empty attribute name in the tag "i" at byte offset 0'),
        (
            "<i x >",
            'Expected equal sign in declaration of an attribute of the tag "i" at byte offset 0',
        ),
        ("<i x = ", 'Unclosed start tag "i" at byte offset 0'),
        ("<i x = a_b>", "Unexpected end of name token at byte offset 7"),
        ('<i x = "a>', "Unclosed start tag at byte offset 0"),
        ("ж</b>", "Unexpected end tag at byte offset 2"),
        ("<i>a</i  ", "Unclosed end tag at byte offset 4"),
        ("<i>a</b>", 'Unmatched end tag at byte offset 4, expected "</i>", found "</b>"'),
        ("<b><i>a</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ('<tg-emoji emoji-id="x">a</tg-emoji>', "Invalid custom emoji identifier specified"),
        (
            "&#xD83D;",
            "Text contains invalid Unicode characters after decoding HTML entities, "
            "check for unmatched surrogate code units",
        ),
    ],
)
def test_html_that_telegram_cannot_parse_is_refused_with_its_byte(
    source: str, message: str
) -> None:
    with pytest.raises(ParseError) as refused:
        parse_html(source)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("look #dog, #кошка!", [("hashtag", "#dog"), ("hashtag", "#кошка")]),
        ("#2024 #tbt2024 a#b ##c", [("hashtag", "#tbt2024")]),
        (
            "/start and /model@tag_bot x/y",
            [("bot_command", "/start"), ("bot_command", "/model@tag_bot")],
        ),
        ("ask @durov or me@a.org", [("mention", "@durov"), ("email", "me@a.org")]),
        ("see https://a.org/x_(y). Or b.com!", [("url", "https://a.org/x_(y)"), ("url", "b.com")]),
        ("(http://a.org/)", [("url", "http://a.org/")]),
        ("file.txt 3.14 e.g. this", []),
        ("https://a.org/#part @ # /", [("url", "https://a.org/#part")]),
    ],
)
def test_words_become_the_entities_that_telegram_finds(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert spans(text, find(text)) == expected


def test_white_space_at_the_ends_goes_and_entities_move_along() -> None:
    kept = keep(parse_html("\r\n  <b> 🐶 a</b>\t\n"))
    assert kept == Formatted("🐶 a", [{"type": "bold", "offset": 0, "length": 4}])


def test_nothing_is_found_or_styled_in_code() -> None:
    kept = keep(parse_html("<b>a <code>#dog</code> #cat</b>"))
    assert spans(kept.text, kept.entities) == [
        ("bold", "a "),
        ("code", "#dog"),
        ("bold", " #cat"),
        ("hashtag", "#cat"),
    ]


def test_styles_that_cross_are_rendered_nested() -> None:
    entities = [
        {"type": "bold", "offset": 0, "length": 2},
        {"type": "italic", "offset": 1, "length": 2},
    ]
    assert render("abc", entities) == "<b>a<i>b</i></b><i>c</i>"


SIMPLE = ("b", "i", "u", "s", "code", "pre", "blockquote", "tg-spoiler", "a")
plain = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
trees = st.recursive(
    plain,
    lambda inner: st.tuples(st.sampled_from(SIMPLE), st.lists(inner, max_size=3)),
    max_leaves=8,
)


def written(tree: Any) -> tuple[str, str]:
    """(HTML, text) of a tree."""
    if isinstance(tree, str):
        return html.escape(tree), tree
    tag, children = tree
    parts = [written(child) for child in children]
    inside = "".join(part for part, _ in parts)
    return f"<{tag}>{inside}</{tag}>", "".join(text for _, text in parts)


@given(st.lists(trees, max_size=4))
def test_parsing_gives_back_the_text_and_entities_within_it(forest: list[Any]) -> None:
    parts = [written(tree) for tree in forest]
    parsed = parse_html("".join(source.replace("&#x27;", "&#39;") for source, _ in parts))
    assert parsed.text == "".join(text for _, text in parts)
    size = utf16_length(parsed.text)
    for entity in parsed.entities:
        assert 0 <= entity["offset"] < entity["offset"] + entity["length"] <= size


class _Checker(HTMLParser):
    """Collects the text, and fails on a tag or attribute that a page must not get."""

    ATTRIBUTES: ClassVar = {
        "a": {"href", "target", "rel"},
        "span": {"class"},
        "code": {"class"},
        "blockquote": {"expandable"},
    }

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ("b", "i", "u", "s", "code", "pre", "blockquote", "a", "span")
        assert {name for name, _ in attrs} <= self.ATTRIBUTES.get(tag, set())
        href = dict(attrs).get("href")
        assert href is None or re.match(r"(https?|tg|mailto):", href)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


kinds = st.sampled_from(
    [
        *("bold", "italic", "underline", "strikethrough", "spoiler", "code", "pre"),
        *("blockquote", "expandable_blockquote", "text_link", "url", "email", "hashtag"),
        *("mention", "bot_command", "custom_emoji", "something_new"),
    ]
)
loose = st.lists(
    st.fixed_dictionaries(
        {
            "type": kinds,
            "offset": st.integers(0, 12),
            "length": st.integers(0, 12),
            "url": st.sampled_from(['https://a.org/?"<>', "javascript:alert(1)", "x"]),
            "language": st.sampled_from(["", "c++", '"><script>']),
        }
    ),
    max_size=5,
)


@given(st.text(st.sampled_from("ab<>&\"' #@/\n🐶"), max_size=12), loose)
def test_rendered_html_is_safe_and_keeps_the_text(text: str, entities: list[Any]) -> None:
    # Offsets inside a surrogate pair cannot come from a parser; they need not keep the text.
    units = text.encode("utf-16-le")
    pairs = {i for i in range(1, len(units) // 2) if 0xDC <= units[2 * i + 1] <= 0xDF}
    whole = [e for e in entities if not {e["offset"], e["offset"] + e["length"]} & pairs]
    checker = _Checker()
    checker.feed(render(text, whole))
    checker.close()
    assert checker.text == text
    assert checker.open == []


@given(st.text(max_size=60))
def test_no_text_breaks_the_parser_or_the_finder(source: str) -> None:
    kept = keep(Formatted(source.encode(errors="replace").decode()))
    assert kept.text == kept.text.strip()
    assert all(covered for _, covered in spans(kept.text, kept.entities))
    with contextlib.suppress(ParseError):
        parse_html(source)
