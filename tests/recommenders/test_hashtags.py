import sys
import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommenders.hashtags import (
    MAX_KEY_LENGTH,
    MAX_LENGTH,
    HashtagError,
    in_caption,
    key,
    normalise,
    parse,
    usual_spellings,
)

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
        ("МОРЕ", "море"),
        ("ЁЛКА", "ёлка"),
        ("Cafe\u0301", "café"),
        ("CAFÉ", "café"),
        ("日本", "日本"),
        ("서울", "서울"),
        ("हिन्दी", "हिन्दी"),
        ("தமிழ்", "தமிழ்"),
        ("İstanbul", "istanbul"),
        ("ΉΛΙΟΣ", "ήλιος"),
        ("STRAẞE", "straße"),
        ("Col·lecció", "col·lecció"),
    ],
)
def test_a_hashtag_is_shown_in_lower_case_and_composed(text: str, hashtag: str) -> None:
    assert normalise(text) == hashtag


@pytest.mark.parametrize(
    "text",
    [
        *("ήλιος", "straße", "น้ำตก", "ㅋㅋㅋ", "և", "ශ්\u200dරී_ලංකා", "می\u200cخواهم", "क्\u200dष"),
        *("col·lecció", "ﬁre", "ｆｕｌｌ", "ｶﾞｰﾃﾞﾝ", "ⅷ世"),
    ],
)
def test_a_hashtag_comes_back_as_it_is_written(text: str) -> None:
    assert normalise(f"#{text}") == text
    assert parse(f"#{text}") == ([text], [])


@pytest.mark.parametrize(
    "spellings",
    [
        ("straße", "strasse", "STRASSE"),
        ("ήλιος", "ΉΛΙΟΣ", "ήλιοσ"),
        ("İstanbul", "istanbul", "ISTANBUL", "i\u0307stanbul"),
        ("ＦＵＬＬ", "full"),
        ("ﬁre", "fire"),
        ("ｶﾞｰﾃﾞﾝ", "ガーデン"),
        ("և", "եւ"),
        ("ශ්\u200dරී_ලංකා", "ශ්රී_ලංකා"),
        ("می\u200cخواهم", "میخواهم"),
        ("coŀlecció", "col·lecció"),
        ("น้ำตก", "น้ํ\u0e32ตก"),
        ("Ⅷ世", "viii世"),
    ],
)
def test_spellings_of_one_hashtag_meet(spellings: tuple[str, ...]) -> None:
    assert len({key(normalise(text)) for text in spellings}) == 1
    assert len(parse(" ".join(f"#{text}" for text in spellings))[0]) == 1


@pytest.mark.parametrize(
    "others", [("dog", "dogs"), ("ёлка", "елка"), ("ışık", "isik"), ("é", "e"), ("й", "и")]
)
def test_other_hashtags_do_not_meet(others: tuple[str, str]) -> None:
    one, other = others
    assert key(normalise(one)) != key(normalise(other))


def test_the_spelling_that_is_seen_most_stands_for_all() -> None:
    counts = Counter({"strasse": 2, "straße": 3, "dog": 1})
    assert usual_spellings(counts) == {"strasse": "straße", "dog": "dog"}


def test_of_spellings_seen_as_often_the_first_in_the_alphabet_stands_for_all() -> None:
    assert usual_spellings(Counter(["straße", "strasse"])) == {"strasse": "strasse"}


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


def test_joiners_stay_only_where_they_change_the_letters_that_they_join() -> None:
    assert normalise("کتاب\u200cها") == "کتاب\u200cها"
    assert normalise("کتاب\u200dها") == "کتابها"
    assert normalise("d\u200cog") == "dog"


def test_a_hundred_characters_fit_and_one_more_does_not() -> None:
    assert normalise("#" + "a" * MAX_LENGTH) == "a" * 100
    assert normalise("я" * 100) == "я" * 100
    assert reason("a" * 101) == "too_long"
    # What counts is the form that is shown.
    assert normalise("a\u0308" * 100) == "ä" * 100
    assert normalise("ß" * 100) == "ß" * 100
    assert key(normalise("ﬃ" * 100)) == "ffi" * 100


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
def test_what_is_shown_stays_as_it_is(text: str) -> None:
    try:
        hashtag = normalise(text)
    except HashtagError:
        return
    assert normalise(hashtag) == hashtag
    assert normalise(f"#{hashtag}") == hashtag
    assert unicodedata.is_normalized("NFC", hashtag)
    assert 1 <= len(hashtag) <= MAX_LENGTH
    assert len(key(hashtag)) <= MAX_KEY_LENGTH
    assert not any(character.isspace() for character in hashtag)


@given(typed)
def test_a_key_stays_as_it_is_and_is_that_of_upper_case_too(text: str) -> None:
    try:
        hashtag = normalise(text)
    except HashtagError:
        return
    assert key(key(hashtag)) == key(hashtag)
    assert key(unicodedata.normalize("NFD", hashtag)) == key(hashtag)
    # Dotless ı is the one letter whose upper case is another letter's.
    if "ı" not in hashtag:
        assert key(hashtag.upper()) == key(hashtag)


def test_spelling_is_stable_for_every_character() -> None:
    unstable = []
    for character in map(chr, range(sys.maxunicode + 1)):
        if character == character.casefold() and unicodedata.is_normalized("NFKC", character):
            continue
        for text in (f"a{character}", f"{character}\u0345", f"{character}a"):
            try:
                hashtag = normalise(text)
            except HashtagError:
                continue
            if normalise(hashtag) != hashtag or key(key(hashtag)) != key(hashtag):
                unstable.append(text)
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
    hashtags, refused = parse("Sunset beach, sunset 🌅 100 ; rock&roll\nморе")
    assert hashtags == ["sunset", "beach", "море"]
    assert refused == ["🌅", "100", "rock&roll"]


@pytest.mark.parametrize(
    ("text", "hashtags"),
    [
        ("love this #sunset at the #beach!", ["sunset", "beach"]),
        ("#sea.", ["sea"]),
        ("(#sun)", ["sun"]),
        ("#party🎉", ["party"]),
        ("#sunset@channel", ["sunset"]),
        ("“#one”, #two… and #three", ["one", "two", "three"]),
        ("#rock&roll", ["rock"]),
        ("#don't", ["don"]),
        ("#col·lecció· #·x", ["col·lecció"]),
        ("it&#39;s https://x.org/#top C# #sky", ["sky"]),
        ("inside#words #outside", ["outside"]),
        ("＃море! ﹟sky", ["море", "sky"]),
    ],
)
def test_once_something_is_marked_only_that_counts(text: str, hashtags: list[str]) -> None:
    assert parse(text)[0] == hashtags


@pytest.mark.parametrize("text", ["love this #sunset at the #beach!", "#sunset@channel (#beach)"])
def test_captions_are_read_as_what_people_teach(text: str) -> None:
    assert in_caption(text) == parse(text)[0] == ["sunset", "beach"]


def test_what_is_marked_and_no_hashtag_is_named() -> None:
    assert parse("#100 #🎉 #sky words") == (["sky"], ["#100", "#🎉"])


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
def test_parsing_gives_hashtags_without_repeats_and_refuses_what_is_none(text: str) -> None:
    hashtags, refused = parse(text)
    assert len(set(map(key, hashtags))) == len(hashtags)
    assert all(normalise(hashtag) == hashtag for hashtag in hashtags)
    for piece in refused:
        assert piece.removeprefix("#") in text
        with pytest.raises(HashtagError):
            normalise(piece)


@given(st.lists(typed, max_size=6).map(" ".join))
def test_hashtags_that_are_written_out_again_are_read_the_same(text: str) -> None:
    hashtags, _ = parse(text)
    assert parse(" ".join(f"#{hashtag}" for hashtag in hashtags)) == (hashtags, [])
    assert in_caption("".join(f" (#{hashtag})." for hashtag in hashtags)) == hashtags


@given(st.lists(typed, max_size=4).map(" ".join), st.sampled_from(["so #nice!", "(#nice)"]))
def test_beside_a_marked_word_no_other_counts(text: str, marked: str) -> None:
    words = text.replace("#", "").replace("＃", "").replace("﹟", "")
    assert parse(f"{words} {marked}") == (["nice"], [])
