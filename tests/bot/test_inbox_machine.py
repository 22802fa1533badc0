"""Any order of fetching, crashing, sending and failing ends with each update handled once.

And with each answer sent: once or, where nobody could know whether it had arrived, at most twice.
"""

import asyncio
import json
import shutil
from collections import Counter
from collections.abc import Awaitable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, ClassVar, Literal, TypeVar, cast

import httpx
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sqlalchemy import select
from telegram import Update
from telegram.error import TimedOut
from telegram.request import BaseRequest, RequestData

from bot.chat.delivery import UNSURE_AT_MOST, Delivery
from bot.chat.fair_places import FairPlaces
from bot.chat.outbox import Outbox
from bot.chat.replies import Reply
from bot.chat.services import BotApplication, Services
from bot.chat.telegram_bot import TelegramBot
from bot.inbox import Inbox
from storage import Database
from storage.receipts import Receipts
from storage.tables import OutgoingMessage, WaitingUpdate
from tests.waiting import until

BOT_ID = 7
CHATS = 2

Result = TypeVar("Result")
Ending = Literal["arrives", "is refused", "is lost", "arrives unnoticed"]


def chat_of(number: int) -> int:
    return 1 + number % CHATS


class Telegram(BaseRequest):
    """Takes messages, of which the machine says what becomes.

    Attributes:
        open: requests that were made and have no answer yet, by the number in their text.
        arrived: how often each message is in its chat.
        unsure: how often the bot cannot know whether it is.
    """

    read_timeout = 1.0

    def __init__(self) -> None:
        self.open: dict[int, asyncio.Future[Ending]] = {}
        self.arrived: Counter[int] = Counter()
        self.unsure: Counter[int] = Counter()

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: Any, **__: Any
    ) -> tuple[int, bytes]:
        user = {"id": BOT_ID, "is_bot": True, "first_name": "Bot"}
        if url.endswith("getMe"):
            return 200, _result(user)
        assert request_data is not None
        number = int(request_data.parameters["text"])
        assert number not in self.open
        self.open[number] = asyncio.get_running_loop().create_future()
        try:
            ending = await self.open[number]
        finally:
            del self.open[number]
        if ending == "is refused":
            return 500, json.dumps({"ok": False, "description": "Trouble"}).encode()
        self.arrived[number] += ending != "is lost"
        if ending != "arrives":
            self.unsure[number] += 1
            raise TimedOut from httpx.ReadTimeout("")
        chat = {"id": request_data.parameters["chat_id"], "type": "private"}
        return 200, _result({"message_id": number, "date": 0, "chat": chat})

    def breaks_off(self, number: int, *, arrives: bool) -> None:
        """Who made a request dies before an answer."""
        self.unsure[number] += 1
        self.arrived[number] += arrives


def _result(result: Any) -> bytes:
    return json.dumps({"ok": True, "result": result}).encode()


class _Services(Services):
    """As much of them as inbox and outbox need."""

    def __init__(self, database: Database, outbox: Outbox) -> None:
        self.database = database
        self.outbox = outbox
        self.photo_places = self.document_places = FairPlaces()


class Machine(RuleBasedStateMachine):
    """Telegram keeps updates that are not confirmed; handlers answer when they are let go on."""

    empty: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.path = Path(self.folder.name) / "bot.db"
        shutil.copy(self.empty, self.path)
        self.runner = asyncio.Runner()
        self.at_telegram: list[dict[str, Any]] = []
        self.sent = 0
        self.unreadable: set[int] = set()
        self.handled: Counter[int] = Counter()
        self.let_go: dict[int, asyncio.Event] = {}
        self.telegram = Telegram()
        self.database = self.wait(Database.open(f"sqlite:///{self.path}"))
        self.start()

    def wait(self, work: Awaitable[Result]) -> Result:
        async def waited() -> Result:
            return await work

        return self.runner.run(waited())

    def start(self) -> None:
        self.offset = 0
        self.let_go.clear()

        async def started() -> tuple[Inbox, Outbox]:
            delivery = Delivery(moved=cast(Any, None))
            request = self.telegram
            bot = TelegramBot(
                f"{BOT_ID}:token",
                request=request,
                get_updates_request=request,
                rate_limiter=delivery,
            )
            await bot.initialize()
            outbox = Outbox(self.database, bot, delivery)
            application = SimpleNamespace(
                bot=bot,
                bot_data={"services": _Services(self.database, outbox)},
                process_update=self.handle,
            )
            inbox = Inbox(cast(BotApplication, application))
            await outbox.read_receipts()
            await inbox.resume()
            return inbox, outbox

        self.inbox, self.outbox = self.wait(started())
        self.wait(self.settled())

    async def handle(self, update: Update) -> None:
        number = update.update_id
        await self.let_go.setdefault(number, asyncio.Event()).wait()
        async with self.database.session() as session:
            reply = Reply(chat_of(number), str(number))
            message = await self.outbox.put(session, reply)
        self.handled[number] += 1
        await self.outbox.send(message)

    async def outgoing(self) -> dict[int, int]:
        """How often each message that is to be sent may have arrived, as its row says."""
        async with self.database.reading() as session:
            rows = await session.scalars(select(OutgoingMessage))
            return {int(row.text): row.unsure for row in rows}

    async def settled(self) -> None:
        """Returns once everything waits for Telegram or a handler."""

        async def all_wait() -> bool:
            outgoing, asked = await self.outgoing(), set(self.telegram.open)
            let_go = {number for number, event in self.let_go.items() if event.is_set()}
            return (
                all(self.handled[number] for number in let_go)
                and asked <= outgoing.keys()
                and all(outgoing[number] > 0 for number in asked)
                and set(map(chat_of, outgoing)) == set(map(chat_of, asked))
                and all(
                    unsure < UNSURE_AT_MOST for one, unsure in outgoing.items() if one not in asked
                )
            )

        await until(all_wait, pause=0.002)

    @rule(readable=st.booleans())
    def somebody_writes(self, readable: bool) -> None:
        self.sent += 1
        if readable:
            self.at_telegram.append({"update_id": self.sent})
        else:
            self.unreadable.add(self.sent)
            self.at_telegram.append({"update_id": self.sent, "message": {"no": "message"}})

    @rule(again=st.booleans())
    def the_bot_fetches(self, again: bool) -> None:
        """``again``: what it got is not confirmed, and comes again."""
        came = [update for update in self.at_telegram if update["update_id"] >= self.offset]
        self.at_telegram = came
        self.wait(self.inbox.take(came))
        if came and not again:
            self.offset = came[-1]["update_id"] + 1

    @precondition(lambda self: self.let_go)
    @rule(data=st.data())
    def an_answer_is_ready(self, data: st.DataObject) -> None:
        waiting = sorted(number for number, event in self.let_go.items() if not event.is_set())
        if waiting:
            self.let_go[data.draw(st.sampled_from(waiting))].set()
            self.wait(self.settled())

    @precondition(lambda self: self.telegram.open)
    @rule(
        data=st.data(),
        ending=st.sampled_from(["arrives", "is refused", "is lost", "arrives unnoticed"]),
    )
    def a_request_ends(self, data: st.DataObject, ending: Ending) -> None:
        number = data.draw(st.sampled_from(sorted(self.telegram.open)))
        self.wait(self.ends(number, ending))

    async def ends(self, number: int, ending: Ending) -> None:
        request = self.telegram.open[number]
        request.set_result(ending)
        goes_on = ending == "is refused" or (
            ending != "arrives" and self.telegram.unsure[number] + 1 < UNSURE_AT_MOST
        )

        async def is_over() -> bool:
            if goes_on:
                return self.telegram.open.get(number, request) is not request
            return number not in await self.outgoing()

        await until(is_over, pause=0.002)
        await self.settled()

    @precondition(lambda self: self.telegram.open)
    @rule(data=st.data())
    def the_process_is_killed_once_an_answer_arrived(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.telegram.open)))

        async def arrived() -> None:
            self.telegram.open[number].set_result("arrives")
            await until(Receipts(self.path).read, pause=0)

        self.wait(arrived())
        self.the_process_ends(data, killed=True)

    @rule(data=st.data(), killed=st.booleans())
    def the_process_ends(self, data: st.DataObject, killed: bool) -> None:
        for number in sorted(self.telegram.open):
            self.telegram.breaks_off(number, arrives=data.draw(st.booleans()))

        async def ended() -> None:
            if not killed:
                await self.inbox.stop()
                await self.outbox.stop()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        self.wait(ended())
        self.start()

    def teardown(self) -> None:
        try:
            self.the_bot_fetches(again=False)
            self.wait(self.all_is_done())
            telegram = self.telegram
            expected = set(range(1, self.sent + 1)) - self.unreadable
            assert self.handled == Counter(expected)
            assert telegram.arrived.keys() <= expected
            for number in expected:
                assert telegram.unsure[number] <= UNSURE_AT_MOST
                assert telegram.arrived[number] <= 1 + (telegram.unsure[number] > 0)
                assert telegram.arrived[number] or telegram.unsure[number] == UNSURE_AT_MOST
        finally:
            self.wait(self.inbox.stop())
            self.wait(self.outbox.stop())
            self.wait(self.database.close())
            self.runner.close()
            self.folder.cleanup()

    async def all_is_done(self) -> None:
        async def nothing_waits() -> bool:
            for event in self.let_go.values():
                event.set()
            for request in self.telegram.open.values():
                if not request.done():
                    request.set_result("arrives")
            async with self.database.reading() as session:
                updates = list(await session.scalars(select(WaitingUpdate.update_id)))
            # An answer's row goes a moment before its task ends.
            return not (updates or await self.outgoing() or self.inbox.waiting)

        await until(nothing_waits, pause=0.002)


def test_each_update_is_handled_once_and_its_answer_sent(
    empty_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.inbox.FINISHING", 0.001)
    monkeypatch.setattr("bot.chat.delivery.FIRST_PAUSE", 0.001)
    monkeypatch.setattr("bot.chat.delivery.LONGEST_PAUSE", 0.001)
    Machine.empty = empty_database
    run_state_machine_as_test(
        Machine, settings=settings(max_examples=15, stateful_step_count=20, derandomize=True)
    )
