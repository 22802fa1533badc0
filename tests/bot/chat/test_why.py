"""/why: what stands behind the hashtags of a photo."""

from collections.abc import Sequence

from colours import jpeg
from running import Running, Start

from bot.chat.handlers.why import why_text
from bot.chat.texts import ENGLISH
from recommenders.explaining import KnownPhoto, Reason, SeenClass
from storage import moderation
from tests.person import Message, Person


async def why(person: Person, reply_to: Message | None = None) -> str:
    await person.send_text("/why", reply_to=reply_to)
    return str((await person.wait_reply())["text"])


def said_by(reasons: Sequence[Reason]) -> list[str]:
    """The paragraphs, as they read."""
    text = why_text(ENGLISH, reasons)
    return (
        text.replace("\N{NO-BREAK SPACE}", " ").replace("<b>", "").replace("</b>", "").split("\n\n")
    )


async def answered(person: Person, colour: str = "red", seed: int = 0) -> Message:
    await person.send_photo(jpeg(colour, seed))
    return await person.wait_reply()


async def test_why_without_a_photo_asks_for_one(ann: Person) -> None:
    assert "Send a photo first" in await why(ann)


async def test_why_explains_the_first_five_of_the_last_photo(ann: Person) -> None:
    await answered(ann, "red")
    await answered(ann, "blue")
    said = await why(ann)
    assert said == (
        "Why these hashtags\n\n"
        "Likeness to known photos: up to 81\N{NO-BREAK SPACE}%\n\n"
        "#blue1 #blue2 #blue3 #blue4 #blue5 ← on 1 known photo, with #palette #paint"
    )


async def test_why_in_reply_explains_that_photo_by_the_backend_that_spoke(ann: Person) -> None:
    (photo,) = await ann.send_photo(jpeg("red"))
    answer = await ann.wait_reply()
    await answered(ann, "blue")
    assert "#red1" in await why(ann, photo)
    assert "#red1" in await why(ann, answer)
    await ann.press(answer, "w2v says…")
    await ann.wait_edit(answer)
    said = await why(ann, answer)
    assert "#reddish1 #reddish2" in said
    assert "I see: fountain pen (62\N{NO-BREAK SPACE}%\N{NO-BREAK SPACE}sure)" in said


async def test_why_works_after_a_restart_and_in_russian(start: Start) -> None:
    first = await start()
    ann = await first.person(language="ru")
    answer = await answered(ann)
    await first.stop()
    second = await start(server=first.server)
    ann = await second.person(language="ru")
    said = await why(ann)
    assert "Сходство со знакомыми фото: до\N{NO-BREAK SPACE}81\N{NO-BREAK SPACE}%" in said
    assert "есть у 1 знакомого фото; там же #palette #paint" in said
    await ann.press(answer, "Что скажет w2v?")
    await ann.wait_edit(answer)
    said = await why(ann)
    assert "вижу: перьевая ручка (уверенность\N{NO-BREAK SPACE}62\N{NO-BREAK SPACE}%)" in said


async def test_why_in_a_group_also_explains_a_photo_that_got_no_answer(bot: Running) -> None:
    group = await bot.person(chat=-500, user=1_000)
    (photo,) = await group.send_photo(jpeg("green"))
    assert "#green1" in await why(group, photo)


async def test_why_explains_an_album(ann: Person) -> None:
    await ann.send_photo([jpeg("red", 1), jpeg("red", 2)])
    await ann.wait_reply()
    assert "#red1 #red2" in await why(ann)


async def test_why_never_tells_what_is_blocked(bot: Running, ann: Person) -> None:
    await answered(ann)
    async with bot.database.session() as session:
        await moderation.block(session, "red1", by=77)
    assert "#red1 " not in await why(ann)


async def test_why_of_something_that_is_no_photo_says_so(ann: Person) -> None:
    sticker = await ann.send_other("sticker")
    await ann.wait_reply()
    assert "Send a photo first" in await why(ann, sticker)


def test_what_is_seen_behind_all_hashtags_is_said_once() -> None:
    near = (KnownPhoto(("dogsinsnow", "winter"), 0.81),)
    retriever, sled = SeenClass("golden retriever", 0.62), SeenClass("dogsled", 0.2)
    text = said_by(
        [
            Reason("snowday", 3, near, (retriever, sled)),
            Reason("dog", 12, near, (retriever,)),
            Reason("goldenretriever", 0, (), (retriever,)),
        ],
    )
    assert text[1:] == [
        "In the photo I see: golden retriever (62 % sure)\nLikeness to known photos: up to 81 %",
        "#snowday ← on 3 known photos, with #dogsinsnow #winter · I see: dogsled (20 % sure)",
        "#dog ← on 12 known photos, with #dogsinsnow #winter",
        "#goldenretriever ← I see: golden retriever (62 % sure)",
    ]
    assert "fit best" in why_text(ENGLISH, [Reason("dog")])


def test_known_photos_behind_several_hashtags_are_told_once_by_what_the_answer_lacks() -> None:
    near = (KnownPhoto(("sun", "sea", "waves", "beach"), 0.5),)
    assert said_by(
        [Reason("sunset", 3, near), Reason("sun", 21, near), Reason("sea", 9, near)]
    ) == [
        "Why these hashtags",
        "Likeness to known photos: up to 50 %",
        "#sunset #sun #sea ← on 3–21 known photos, with #waves #beach",
    ]


def test_the_surest_class_comes_first() -> None:
    seen = (SeenClass("jeep", 0.14), SeenClass("mountain bike", 0.22))
    assert (
        "mountain bike (22 % sure), jeep (14 % sure)" in said_by([Reason("bike", 0, (), seen)])[1]
    )
