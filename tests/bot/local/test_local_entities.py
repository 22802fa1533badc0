"""The bot's HTML, and the words of people, become the entities that Telegram makes of them."""

import contextlib
import html
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.local.entities import (
    Formatted,
    ParseError,
    find_words,
    parse_html,
    utf16_length,
    with_words,
)


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
        ("<i>a</i>", [("italic", "a")]),
        ("<code>a</code>", [("code", "a")]),
        ('<a href="https://a.org/?x=1&amp;y=2">a</a>', [("text_link", "a")]),
        ("<A href='https://a.org'>a</A>", [("text_link", "a")]),
        ("<b>🐶<i>dog</i></b> cat", [("bold", "🐶dog"), ("italic", "dog")]),
        ("&lt;b&gt; &amp;amp; &quot;&#33;&#x1F436;", []),
        ("&nbsp; &copy; AT&T", []),
        ("<b></b>", []),
    ],
)
def test_every_tag_of_the_bots_texts_becomes_its_entity(
    source: str, expected: list[tuple[str, str]]
) -> None:
    parsed = parse_html(source)
    assert spans(parsed.text, parsed.entities) == expected


def test_references_are_decoded_once() -> None:
    assert parse_html("&lt;b&gt; &amp;amp; &quot;&#33;&#x1F436;").text == '<b> &amp; "!🐶'


def test_references_that_telegram_does_not_know_stay() -> None:
    assert parse_html("&nbsp; &copy; AT&T &").text == "&nbsp; &copy; AT&T &"


def test_a_link_of_another_kind_is_plain_text() -> None:
    assert parse_html('<a href="javascript:alert(1)">x</a>') == Formatted("x", [])


def test_a_link_to_a_user_mentions_them() -> None:
    (mention,) = parse_html('<a href="tg://user?id=42">x</a>').entities
    assert (mention["type"], mention["user"]) == ("text_mention", {"id": 42})


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("🐶 <abc def>", 'Unsupported start tag "abc" at byte offset 5'),
        ("<br>", 'Unsupported start tag "br" at byte offset 0'),
        ("line\n<u>a</u>", 'Unsupported start tag "u" at byte offset 5'),
        ("1 < 2 > 0", "Unclosed tag"),
        ("🐶 <abc", "Unclosed tag"),
        ("<![x[", "Unclosed tag"),
        ("<i>a</i  ", "Unclosed tag"),
        ("<!-- a -->", "Unclosed tag"),
        ("ж</b>", "Unexpected end tag at byte offset 2"),
        ("<i>a</b>", 'Unmatched end tag at byte offset 4, expected "</i>", found "</b>"'),
        ("<b><i>a</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
    ],
)
def test_html_that_telegram_cannot_parse_is_refused_with_its_byte(
    source: str, message: str
) -> None:
    with pytest.raises(ParseError) as refused:
        parse_html(source)
    assert str(refused.value).startswith(message)


def test_an_attribute_that_is_never_closed_is_refused() -> None:
    with pytest.raises(ParseError):
        parse_html('<a href="x>a</a>')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("look #dog, #кошка!", [("hashtag", "#dog"), ("hashtag", "#кошка")]),
        ("#2024 #tbt2024 a#b ##c", [("hashtag", "#tbt2024")]),
        (
            "/start and /model@tag_bot x/y",
            [("bot_command", "/start"), ("bot_command", "/model@tag_bot")],
        ),
        ("ask @durov or me@a.org", [("mention", "@durov")]),
        ("see https://a.org/x_(y). Or", [("url", "https://a.org/x_(y)")]),
        ("(http://a.org/)", [("url", "http://a.org/")]),
        ("file.txt 3.14 e.g. this", []),
        ("https://a.org/#part @ # /", [("url", "https://a.org/#part")]),
    ],
)
def test_words_become_the_entities_that_telegram_finds(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert spans(text, list(find_words(text))) == expected


def test_white_space_at_the_ends_goes_and_entities_move_along() -> None:
    kept = with_words(parse_html("\r\n  <b> 🐶 a</b>\t\n"))
    assert kept == Formatted("🐶 a", [{"type": "bold", "offset": 0, "length": 4}])


def test_no_words_are_found_in_code() -> None:
    kept = with_words(parse_html("<b>a</b> <code>#dog</code> #cat"))
    assert spans(kept.text, kept.entities) == [
        ("bold", "a"),
        ("code", "#dog"),
        ("hashtag", "#cat"),
    ]


plain = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=8)
trees = st.recursive(
    plain,
    lambda inner: st.tuples(st.sampled_from("abi"), st.lists(inner, max_size=3)),
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
    parsed = parse_html("".join(source for source, _ in parts))
    assert parsed.text == "".join(text for _, text in parts)
    size = utf16_length(parsed.text)
    for entity in parsed.entities:
        assert 0 <= entity["offset"] < entity["offset"] + entity["length"] <= size


@given(st.text(max_size=60))
def test_no_text_breaks_the_finder(source: str) -> None:
    kept = with_words(Formatted(source.encode(errors="replace").decode()))
    assert kept.text == kept.text.strip()
    assert all(covered for _, covered in spans(kept.text, kept.entities))


@given(st.text(st.sampled_from("<>/&;#!?-[]ab=\"' \nж"), max_size=30))
def test_no_text_breaks_the_parser(source: str) -> None:
    with contextlib.suppress(ParseError):
        parse_html(source)
