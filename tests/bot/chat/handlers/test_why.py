"""/why: what stands behind the hashtags of a photo."""

import re
from collections.abc import Sequence

import pytest

from bot.chat.handlers.why import why_text
from bot.chat.texts import ENGLISH
from recommenders.explaining import KnownPhoto, Reason, SeenClass
from storage import moderation
from tests.bot.conversation import answer, below, reply_text
from tests.bot.running import Running, Start
from tests.colours import jpeg
from tests.person import Message, Person


async def why(person: Person, reply_to: Message | None = None) -> str:
    """The explanation, with plain spaces."""
    return (await reply_text(person, "/why", reply_to)).replace("\N{NO-BREAK SPACE}", " ")


def paragraphs(reasons: Sequence[Reason]) -> list[str]:
    """The paragraphs, as they read."""
    text = why_text(ENGLISH, reasons)
    return (
        text.replace("\N{NO-BREAK SPACE}", " ").replace("<b>", "").replace("</b>", "").split("\n\n")
    )


async def test_why_without_a_photo_asks_for_one(ann: Person) -> None:
    assert "Send a photo first" in await why(ann)


async def test_why_explains_the_first_five_of_the_last_photo(ann: Person) -> None:
    await answer(ann, "red")
    await answer(ann, "blue")
    assert re.fullmatch(
        "Why these hashtags\n\n"
        "Similarity to known photos: up to 7\\d %\n\n"
        "#blue1 #blue2 #blue3 #blue4 #blue5 ← on 3 known photos, with #brush #paint #palette",
        await why(ann),
    )


async def test_why_in_reply_to_a_photo_or_its_answer_explains_that_photo(ann: Person) -> None:
    (photo,) = await ann.send_photo(jpeg("red"))
    message = await ann.wait_reply()
    await answer(ann, "blue")
    assert "#red1" in await why(ann, photo)
    assert "#red1" in await why(ann, message)


async def test_why_explains_the_answer_of_the_backend_that_spoke(ann: Person) -> None:
    message = await answer(ann, "red")
    await answer(ann, "blue")
    await below(ann, message, "w2v")
    text = await why(ann, message)
    assert "#reddish1 #reddish2" in text
    assert re.search(r"I see: fire engine \(8\d % sure\)", text)


async def test_why_works_after_a_restart(start: Start) -> None:
    first = await start()
    await answer(await first.person(), "red")
    await first.stop()
    ann = await (await start(server=first.server)).person()
    assert "#red1" in await why(ann)


async def test_why_names_known_photos_in_russian(bot: Running) -> None:
    boris = await bot.person(language="ru")
    await answer(boris, "red")
    text = await why(boris)
    assert re.search(r"Сходство со знакомыми фото: до 8\d %", text)
    assert "есть у 3 знакомых фото; там же #brush" in text


async def test_why_names_classes_in_russian(bot: Running) -> None:
    boris = await bot.person(language="ru")
    await below(boris, await answer(boris, "red"), "w2v")
    assert re.search(r"вижу: пожарная машина \(уверенность 8\d %\)", await why(boris))


async def test_why_explains_an_album(ann: Person) -> None:
    await ann.send_photo([jpeg("red", 1), jpeg("red", 2)])
    await ann.wait_reply()
    assert "#red1 #red2" in await why(ann)


@pytest.mark.parametrize("blocked", ["red1", "brush"])
async def test_why_never_tells_what_is_blocked(bot: Running, ann: Person, blocked: str) -> None:
    await answer(ann)
    assert f"#{blocked} " in await why(ann)
    async with bot.database.session() as session:
        await moderation.block(session, blocked, by=77)
    assert f"#{blocked} " not in await why(ann)


def test_what_is_seen_behind_all_hashtags_is_named_once() -> None:
    near = (KnownPhoto(("dogsinsnow", "winter"), 0.81),)
    retriever, sled = SeenClass("golden retriever", 0.62), SeenClass("dogsled", 0.2)
    text = paragraphs(
        [
            Reason("snowday", 3, near, (retriever, sled)),
            Reason("dog", 12, near, (retriever,)),
            Reason("goldenretriever", 0, (), (retriever,)),
        ],
    )
    assert text[1:] == [
        "In the photo I see: golden retriever (62 % sure)\nSimilarity to known photos: up to 81 %",
        "#snowday ← on 3 known photos, with #dogsinsnow #winter · I see: dogsled (20 % sure)",
        "#dog ← on 12 known photos, with #dogsinsnow #winter",
        "#goldenretriever ← I see: golden retriever (62 % sure)",
    ]


def test_what_each_source_counted_for_stands_below() -> None:
    near = (KnownPhoto(("beach",), 0.5),)
    counted = (("als", 0.604), ("words", 0.396))
    assert paragraphs([Reason("bird", 4, near, (), ("birds",), counted)])[2] == (
        "#bird ← on 4 known photos, with #beach · from your caption: #birds\n"
        "<i>What counted: known photos 60 %, your caption 40 %</i>"
    )


def test_hashtags_for_which_the_same_counted_share_a_line_with_the_mean() -> None:
    text = paragraphs(
        [
            Reason("sea", sources=(("w2v", 0.8), ("share", 0.2))),
            Reason("sun", sources=(("w2v", 0.6), ("share", 0.4))),
        ]
    )
    assert text[1:] == [
        "#sea #sun\n<i>What counted: the look of the photo 70 %, popularity 30 %</i>"
    ]


async def test_why_tells_of_both_what_the_caption_counted(ann: Person) -> None:
    await reply_text(ann, "/model both")
    await ann.send_photo(jpeg("red"), caption="red30 on the wall")
    await ann.wait_reply()
    assert re.search(
        r"#red30 ← .*from your caption: #red30\nWhat counted: .*your caption \d+ %", await why(ann)
    )


async def test_why_tells_what_counted_in_russian(bot: Running) -> None:
    boris = await bot.person(language="ru")
    await reply_text(boris, "/model both")
    await answer(boris, "red")
    assert re.search(r"Что повлияло: .*знакомые фото \d+ %", await why(boris))


def test_hashtags_with_nothing_behind_them_fit_best() -> None:
    assert "fit best" in why_text(ENGLISH, [Reason("dog")])


def test_known_photos_behind_several_hashtags_are_named_once_by_what_the_answer_lacks() -> None:
    near = (KnownPhoto(("sun", "sea", "waves", "beach"), 0.5),)
    assert paragraphs(
        [Reason("sunset", 3, near), Reason("sun", 21, near), Reason("sea", 9, near)]
    ) == [
        "Why these hashtags",
        "Similarity to known photos: up to 50 %",
        "#sunset #sun #sea ← on 3–21 known photos, with #waves #beach",
    ]


def test_the_surest_class_comes_first() -> None:
    classes = (SeenClass("jeep", 0.14), SeenClass("mountain bike", 0.22))
    assert (
        "mountain bike (22 % sure), jeep (14 % sure)"
        in paragraphs([Reason("bike", 0, (), classes)])[1]
    )
