import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommenders.hashtags import MAX_LENGTH, HashtagError, normalise, parse

# What is typed in hashtags, and what goes wrong there: many scripts, marks, joiners, look-alikes.
typed = st.text(
    st.one_of(
        st.sampled_from("#＃_ ,;.-<>&'\"\u200b\u200c\u200d\u200f\u202e\ufeff\u0301\u0345ßİǰΐﷺﬁ①½"),
        st.characters(categories=("L", "M", "N")),
        st.characters(),
    ),
    max_size=30,
)


def reason(text: str) -> str:
    with pytest.raises(HashtagError) as caught:
        normalise(text)
    return caught.value.reason


@pytest.mark.parametrize(
    ("text", "hashtag"),
    [
        ("#Dog", "dog"),
        ("dog", "dog"),
        ("##dog", "dog"),
        ("＃dog", "dog"),
        (" #dog ", "dog"),
        ("no_filter", "no_filter"),
        ("2024goals", "2024goals"),
        ("ＦＵＬＬ", "full"),
        ("ﬁre", "fire"),
        ("Straße", "strasse"),
        ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
        ("МОРЕ", "море"),
        ("ЁЛКА", "ёлка"),
        ("Cafe\u0301", "café"),
        ("CAFÉ", "café"),
        ("日本", "日本"),
        ("ｶﾞｰﾃﾞﾝ", "ガーデン"),
        ("서울", "서울"),
        ("हिन्दी", "हिन्दी"),
        ("தமிழ்", "தமிழ்"),
        ("Ⅷ世", "viii世"),
    ],
)
def test_spellings_of_one_hashtag_become_one(text: str, hashtag: str) -> None:
    assert normalise(text) == hashtag


def test_persian_is_one_hashtag_with_and_without_the_zero_width_non_joiner() -> None:
    assert normalise("#می\u200cخواهم") == normalise("#میخواهم") == "میخواهم"


@pytest.mark.parametrize(
    "hidden",
    [
        pytest.param(chr(code), id=f"U+{code:04X}")
        for code in (
            *(0x00AD, 0x061C, 0x115F, 0x17B4, 0x180B, 0x200B, 0x200D, 0x200E, 0x200F, 0x202E),
            *(0x2060, 0x2066, 0x2069, 0x3164, 0xFE0F, 0xFEFF, 0xFFA0, 0xE0061, 0xE0100),
        )
    ],
)
def test_what_shows_nothing_makes_no_other_hashtag(hidden: str) -> None:
    assert normalise(f"{hidden}#{hidden}d{hidden}og{hidden}") == "dog"
    assert reason(hidden) == "empty"
    assert parse(f"#dog {hidden} #cat") == (["dog", "cat"], [])


def test_a_hundred_characters_fit_and_one_more_does_not() -> None:
    assert normalise("#" + "a" * MAX_LENGTH) == "a" * 100
    assert normalise("я" * 100) == "я" * 100
    assert reason("a" * 101) == "too_long"
    # What counts is the form that is stored.
    assert normalise("a\u0308" * 100) == "ä" * 100
    assert reason("ß" * 51) == "too_long"


@pytest.mark.parametrize("text", ["", "#", "###", "  ", "#\u200b", "＃"])
def test_nothing_is_no_hashtag(text: str) -> None:
    assert reason(text) == "empty"


@pytest.mark.parametrize("text", ["2024", "_", "#__", "①", "٣", "100"])
def test_a_hashtag_has_a_letter(text: str) -> None:
    assert reason(text) == "no_letter"


@pytest.mark.parametrize(
    "text",
    [
        "🐶",
        "🐶🐱",
        "dog🐶",
        "🏳️‍🌈",
        "a1️⃣",
        "two words",
        "dog!",
        "rock&roll",
        "don't",
        "e-mail",
        "3.14pi",
        "a#b",
        "<b>bold</b>",
        "<script>alert(1)</script>",
        "{{config}}",
        "x'; DROP TABLE labels; --",
        '"quoted"',
        "a\x00b",
        "a\nb",
        "\ud800a",
        "\u0301acute",
        "a\u2800b",
        "a\uffffb",
    ],
)
def test_other_characters_are_refused(text: str) -> None:
    assert reason(text) == "bad_character"


def test_the_reason_is_also_in_the_message_which_stays_short() -> None:
    with pytest.raises(HashtagError, match="too long") as caught:
        normalise("a" * 10_000)
    assert len(str(caught.value)) < 100


@given(typed)
def test_a_canonical_hashtag_stays_as_it_is(text: str) -> None:
    try:
        hashtag = normalise(text)
    except HashtagError:
        return
    assert normalise(hashtag) == hashtag
    assert normalise(f"#{hashtag}") == hashtag
    assert unicodedata.is_normalized("NFKC", hashtag)
    assert 1 <= len(hashtag) <= MAX_LENGTH
    assert any(character.isalpha() for character in hashtag)
    assert not any(character.isspace() for character in hashtag)


def test_normalising_is_stable_for_every_character_that_it_changes() -> None:
    unstable = []
    for character in map(chr, range(sys.maxunicode + 1)):
        if character == character.casefold() and unicodedata.is_normalized("NFKC", character):
            continue
        for text in (f"a{character}", f"{character}\u0345"):
            try:
                hashtag = normalise(text)
                if normalise(hashtag) != hashtag:
                    unstable.append(text)
            except HashtagError:
                pass
    assert not unstable


@given(typed)
def test_composed_and_decomposed_spellings_are_one_hashtag(text: str) -> None:
    outcomes = []
    for form in ("NFC", "NFD"):
        try:
            outcomes.append(normalise(unicodedata.normalize(form, text)))
        except HashtagError as error:
            outcomes.append(f"#{error.reason}")
    assert outcomes[0] == outcomes[1]


def test_parsing_keeps_the_order_drops_repeats_and_names_what_it_refuses() -> None:
    hashtags, refused = parse("#Sunset beach, #sunset 🌅 #100 ; #rock&roll\n#море")
    assert hashtags == ["sunset", "beach", "море"]
    assert refused == ["🌅", "#100", "#rock&roll"]


@pytest.mark.parametrize(
    "text",
    [
        *("#one#two", "one two", "one,two", "#one;#two", "＃one＃two", "##one##two", "#one、#two"),
        *("#one،#two", "one\u3000two", "#one\u200f#two", "one\n\n,two,", "#one #two #ONE"),
    ],
)
def test_hashtags_are_told_apart_however_they_are_separated(text: str) -> None:
    assert parse(text) == (["one", "two"], [])


def test_parsing_nothing_gives_nothing() -> None:
    assert parse("") == ([], [])
    assert parse(" ,;\n\u200b ") == ([], [])


@given(st.lists(typed, max_size=6).map(" ".join))
def test_parsing_loses_nothing_that_was_typed(text: str) -> None:
    hashtags, refused = parse(text)
    assert len(set(hashtags)) == len(hashtags)
    assert all(normalise(hashtag) == hashtag for hashtag in hashtags)
    assert all(piece in text for piece in refused)
    for piece in refused:
        with pytest.raises(HashtagError):
            normalise(piece)
    assert parse(" ".join(f"#{hashtag}" for hashtag in hashtags)) == (hashtags, [])
