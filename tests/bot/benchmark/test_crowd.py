"""People who send photos at a fixed rate, and note when answers come."""

from typing import Any

from bot.benchmark.local_telegram import Crowd
from bot.benchmark.sample_photos import made_photo
from bot.local.server import LocalServer
from recommenders import copies
from recommenders.photos import decode

PHOTO = [{"file_id": "file-1", "file_unique_id": "1", "width": 8, "height": 6}]


def reply(server: LocalServer, message: dict[str, Any], **fields: Any) -> None:
    chat = server.state.chats[message["chat"]["id"]]
    server.state.post(chat, server.state.bot, {"reply_to_message": message, **fields})


async def test_photos_go_to_all_people_in_turn_and_the_first_answer_to_each_counts() -> None:
    server = LocalServer("7000000000:a")
    crowd = Crowd(server, 2)
    async with crowd.listening():
        await crowd.send([PHOTO] * 3, rate=1000)
        updates = await server.state.updates.get()
        messages = [update["message"] for update in updates]
        assert [message["chat"]["id"] for message in messages] == [1000, 1001, 1000]
        buttons: dict[str, Any] = {"inline_keyboard": []}
        reply(server, messages[0], text="Many photos: they come in turn.")
        for message in messages:
            reply(server, message, text="#sea", reply_markup=buttons)
        reply(server, messages[0], text="#sea", reply_markup=buttons)
        await crowd.wait(120)
    assert len(crowd.seconds) == 3
    assert len(crowd.late) == 3


def test_made_photos_are_no_copies_of_each_other_and_the_same_each_time() -> None:
    assert made_photo(1, (320, 240)) == made_photo(1, (320, 240))
    hashes = [copies.hashes(decode(made_photo(number, (320, 240)))) for number in range(8)]
    near = [
        copies.distance(one.average, other.average)
        for at, one in enumerate(hashes)
        for other in hashes[:at]
    ]
    assert min(near) > copies.MAX_DISTANCE
