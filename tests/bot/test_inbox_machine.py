"""Any order of fetching, crashing, sending and failing ends with each update handled once."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Awaitable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, ClassVar, TypeVar, cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sqlalchemy import select
from telegram import Update

from bot.chat import updates_at_work
from bot.chat.fair_places import FairPlaces
from bot.chat.services import Bot, Services
from bot.inbox import Inbox
from storage import Database
from storage.tables import WaitingUpdate

BOT_ID = 7
Result = TypeVar("Result")


class _Services(Services):
    """As much of them as the inbox needs."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.photo_places = FairPlaces()


class Machine(RuleBasedStateMachine):
    """Telegram keeps what is not confirmed; the handlers answer when they are let go on.

    An answer counts once what it stores is stored: nothing can be promised of the moment between.
    """

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
        self.answered: Counter[int] = Counter()
        self.let_go: dict[int, asyncio.Event] = {}
        self.database = self.wait(Database.open(f"sqlite:///{self.path}"))
        self.start()

    def wait(self, work: Awaitable[Result]) -> Result:
        async def waited() -> Result:
            return await work

        return self.runner.run(waited())

    def start(self) -> None:
        self.offset = 0

        async def started() -> Inbox:
            application = SimpleNamespace(
                bot=SimpleNamespace(id=BOT_ID),
                bot_data={"services": _Services(self.database)},
                process_update=self.handle,
            )
            inbox = Inbox(cast(Bot, application))
            await inbox.resume()
            return inbox

        self.inbox = self.wait(started())

    async def handle(self, update: Update) -> None:
        await self.let_go.setdefault(update.update_id, asyncio.Event()).wait()
        async with self.database.session() as session:
            await updates_at_work.done_with(session)
        self.answered[update.update_id] += 1

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
    def an_answer_is_sent(self, data: st.DataObject) -> None:
        waiting = sorted(number for number, event in self.let_go.items() if not event.is_set())
        if waiting:
            number = data.draw(st.sampled_from(waiting))
            self.let_go[number].set()
            self.wait(self.count_of(number))

    async def count_of(self, number: int) -> None:
        async with asyncio.timeout(120):
            while not self.answered[number]:  # noqa: ASYNC110
                await asyncio.sleep(0.001)

    @rule()
    def the_process_is_killed(self) -> None:
        async def killed() -> None:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        self.wait(killed())
        self.let_go.clear()
        self.start()

    @rule()
    def it_is_stopped_and_started(self) -> None:
        async def stopped() -> None:
            await self.inbox.stop()

        self.wait(stopped())
        self.let_go.clear()
        self.start()

    def teardown(self) -> None:
        try:
            self.the_bot_fetches(again=False)
            for event in self.let_go.values():
                event.set()
            self.wait(self.all_is_done())
            expected = set(range(1, self.sent + 1)) - self.unreadable
            assert self.answered == Counter(expected)
        finally:
            self.wait(self.database.close())
            self.runner.close()
            self.folder.cleanup()

    async def all_is_done(self) -> None:
        async with asyncio.timeout(120):
            while True:
                async with self.database.reading() as session:
                    stored = list(await session.scalars(select(WaitingUpdate.update_id)))
                # An answer's row goes a moment before its task ends, which counts it.
                if not stored and not self.inbox.waiting:
                    break
                for event in self.let_go.values():
                    event.set()
                await asyncio.sleep(0.005)
        await self.inbox.stop()


def test_each_update_is_handled_once(empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.inbox.FINISHING", 0.001)
    Machine.empty = empty_database
    run_state_machine_as_test(
        Machine, settings=settings(max_examples=12, stateful_step_count=15, derandomize=True)
    )
