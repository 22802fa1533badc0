"""The block list: what it sees through, what it leaves alone, and that nothing hangs it."""

import sys
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommenders.hashtags import key
from storage.blocklist import TABLE, Blocklist, in_force, mixes_scripts, readings, shipped

SHIPPED = in_force({})


@pytest.mark.parametrize(
    "hashtag",
    [
        *("fuck", "fucking", "nigger", "faggots", "porn", "cocaine", "weed", "nazi", "proana"),
        *("like4like", "likeforlikes", "tagsforlikes", "selfharm", "like4likes"),
        *("хуй", "хуёвый", "пиздец", "опиздеть", "блядь", "бля", "сука", "трахать", "секс"),
        *("заебал", "ёбнутый", "жиды", "кокаин", "суицид", "лайкзалайк"),
    ],
)
def test_the_words_that_ship_are_blocked(hashtag: str) -> None:
    assert SHIPPED.blocks(hashtag)


@pytest.mark.parametrize(
    "hashtag",
    [
        *("p0rn", "porn2024", "fuck1ng", "b1tch", "sh1t", "s3x", "5hit", "a55hole", "n1gg3r"),
        *("f_u_c_k", "my_f_u_c_k", "fu_ck", "nazi_party", "fuuuuuck", "bitchhhh", "fück"),
        *("х_у_й", "xуй", "пopнo", "сукаааа", "6лядь"),
        *("ѕlut", "ѕех", "fսck", "ροrn", "nіgger"),
        *("pɔrn", "nɑzi", "bıtch", "wһørе", "ꜰᴜᴄᴋ", "fuᴄking", "ѕeᶍ"),
        *("ꓝꓴꓚꓗ", "my_ꓢꓡꓴꓔ", "ꓑoꓣn", "ᏚᎻᎥᎢ", "ᏴᎥᎢᏟᎻ"),
        *("poʼrn", "naـzi", "fʼuʻcـk", "seˈx", "p٠rn", "b१tch", "хʼуй"),
    ],
)
def test_disguises_are_seen_through(hashtag: str) -> None:
    assert SHIPPED.blocks(hashtag)


@pytest.mark.parametrize(
    "hashtag",
    [
        *("scunthorpe", "assassin", "grape", "cocktail", "therapist", "essex", "sussex", "bass"),
        *("classic", "glass", "analysis", "document", "cucumber", "cumin", "titanic", "hancock"),
        *("peacock", "raccoon", "snigger", "nigeria", "niger", "pakistan", "shitakemushrooms"),
        *("a55", "galaxy_a55", "s3", "2024goals", "assets_hit", "fresh_it", "moby_dick"),
        *("nude_nails", "naked_cake", "sea_weed", "great_tits", "magna_cum_laude", "foodporn"),
        *("maine_coon", "penguin", "dickens", "hitchcock", "spicy", "suicideprevention"),
        *("страховка", "застрахуй", "употреблять", "оскорблять", "корабля", "рубля", "психуй"),
        *("кіно", "їжа", "θάλασσα", "καφές", "λουλούδια", "սուրճ", "історія", "ᏣᎳᎩ", "ꓡꓲꓢꓴ"),
        *("педикюр", "хачапури", "жидкость", "хохлома", "героиня", "сукулент", "мандарин"),
        *("sıcak", "bøf", "smørrebrød", "søster", "əla", "haʻi", "сімʼя", "пʼять", "dʼor"),
        *("команда", "ебург", "учёба", "хлеб", "небо", "нигерия", "козлик", "китай", "ворота"),
    ],
)
def test_harmless_hashtags_are_left_alone(hashtag: str) -> None:
    assert not SHIPPED.blocks(hashtag)


@pytest.mark.parametrize(
    "hashtag",
    ["ꓐꓮꓓword", "bꭺdword", "badߋword", "bad०word", "badิword", "my_bꭺdword", "пꭺдонок", "bᗪw"],
)
def test_letters_of_a_third_script_in_a_word_are_noticed(hashtag: str) -> None:
    assert mixes_scripts(key(hashtag))


@pytest.mark.parametrize(
    "hashtag",
    [
        *("badword", "bäd_wörd", "3dпечать", "iphone手机", "tシャツ", "ootdコーデ", "kpop아이돌"),
        *("καφές", "coffee_καφές", "сімʼя", "haʻi", "हिन्दी२०२४", "สวยมาก", "לחם", "می‌خواهم", "ʼn"),
    ],
)
def test_scripts_that_people_mix_and_words_of_one_are_left_alone(hashtag: str) -> None:
    assert not mixes_scripts(key(hashtag))


def test_the_table_says_each_word_once() -> None:
    words = [line.split(",")[0] for line in TABLE.read_text(encoding="utf-8").splitlines()]
    assert len(words) == len(set(words))
    assert not shipped("block") & shipped("allow")
    assert not any(SHIPPED.blocks(word) for word in shipped("review") | shipped("allow"))


@pytest.mark.parametrize(
    ("pattern", "blocked", "free"),
    [
        ("bad", "my_bad_day", "badly"),
        ("bad*", "badly", "sobad"),
        ("*bad", "sobad", "badly"),
        ("*bad*", "notbadly", "ba"),
        ("a*b", "axxb", "axbx"),
        ("*a*b*", "xaxxbx", "xbxa"),
        ("a**", "ab", "ba"),
        ("ба*", "баба", "аба"),
    ],
)
def test_a_star_stands_for_anything(pattern: str, blocked: str, free: str) -> None:
    assert Blocklist([pattern]).blocks(blocked)
    assert not Blocklist([pattern]).blocks(free)


def test_what_is_allowed_is_not_blocked_with_underscores_or_without() -> None:
    blocklist = Blocklist(["bad*"], ["badminton"])
    assert not blocklist.blocks("badminton") and not blocklist.blocks("bad_minton")
    assert blocklist.blocks("badness")


@pytest.mark.parametrize("hostile", ["(a+)+$", "*" + "a*" * 40 + "b", "a" * 99 + "*", "[a-a]*b"])
def test_no_pattern_hangs_it(hostile: str) -> None:
    """With backtracking each of these would take longer than the universe is old."""
    assert not Blocklist([hostile]).blocks("a" * 98 + "!")


words = st.text("abc", min_size=1, max_size=4)


@given(st.lists(words), words)
def test_a_plain_word_blocks_itself_and_itself_between_underscores(
    others: list[str], word: str
) -> None:
    blocklist = Blocklist([*others, word])
    assert blocklist.blocks(word)
    assert blocklist.blocks(f"x_{word}_y")
    assert not Blocklist(others).blocks("unrelated")


@given(words, words)
def test_a_pattern_blocks_what_begins_ends_or_holds_it(word: str, rest: str) -> None:
    assert Blocklist([f"{word}*"]).blocks(word + rest)
    assert Blocklist([f"*{word}"]).blocks(rest + word)
    assert Blocklist([f"*{word}*"]).blocks(rest + word + rest)
    assert not Blocklist([f"{word}*"]).blocks("z" + word)


@given(
    st.text("ab*", min_size=1, max_size=6), st.lists(st.sampled_from("ab"), min_size=1, max_size=6)
)
def test_patterns_mean_what_globs_mean(pattern: str, letters: list[str]) -> None:
    # No letter three times in a row, which is read as drawn out.
    text = "c".join(letters)
    assert Blocklist([pattern]).blocks(text) == fnmatchcase(text, pattern)


def test_the_worst_patterns_on_the_worst_hashtag_take_a_search_a_part() -> None:
    # Counted, not timed: n parts are n searches at the most, and none goes back.
    parts = 50
    blocklist = Blocklist([f"*{'a*' * parts}b", f"{'a*' * parts}b", f"*{'aa*' * parts}ab*"])
    hashtag = "a" * 99
    searches = 0

    def counted(_: object, event: str, called: object) -> None:
        nonlocal searches
        searches += event == "c_call" and getattr(called, "__name__", "") == "find"

    sys.setprofile(counted)
    try:
        blocked = blocklist.blocks(hashtag)
    finally:
        sys.setprofile(None)
    assert not blocked
    # Three patterns, and the hashtag drawn out or not.
    assert 0 < searches <= 3 * parts * len(readings(hashtag))
