"""Two replicas of the bot on one PostgreSQL, each called by its webhook."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest
from sqlalchemy import select, text, update

from bot.chat.application import build
from bot.chat.rate_limits import RateLimits, SharedRateLimits
from bot.chat.services import Services
from bot.local.refusals import RefusalError
from bot.local.server import LocalServer
from bot.replicas import in_step
from bot.settings import Settings
from bot.webhook import webhook
from storage import Database, changes, inbox, replica_tables
from storage.tables import OutgoingMessage, WaitingUpdate, now
from tests.balancer import free_ports
from tests.bot.conversation import answer, answer_hashtags, hashtags, note, reply, reply_text
from tests.bot.outgoing import waiting
from tests.bot.running import TOKEN
from tests.bot.storage_failures import (
    connection_is_lost_as_a_message_is_stored,
    deletion_breaks_off,
    labels_cannot_be_read,
)
from tests.bot.telegram_sends import Refusing
from tests.colours import ColourNetwork, Pause, colour_engine, jpeg
from tests.person import Person
from tests.postgres import Server
from tests.waiting import until
from tests.webhook_calls import calls, chat_of

SECRET = "s-1"
REFUSAL = (
    """CREATE FUNCTION refusal() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$""",
    """CREATE TRIGGER refusal BEFORE INSERT ON outbox EXECUTE FUNCTION refusal()""",
)


@dataclass
class Replica:
    """One of them."""

    url: str
    network: ColourNetwork
    services: Services = field(init=False, repr=False)

    @property
    def known(self) -> Sequence[str]:
        """The hashtags that it could recommend."""
        return self.services.engine.hashtags


@dataclass
class Two:
    """Both, and which of them each chat's updates are delivered to; by default to both, twice."""

    first: Replica
    second: Replica
    of_chat: dict[int, Sequence[Replica]] = field(default_factory=dict)

    def where(self, update: dict[str, Any]) -> list[str]:
        both = (self.first, self.second) * 2
        return [one.url for one in self.of_chat.get(chat_of(update), both)]


People = tuple[Person, Person, Person]


@pytest.fixture
async def url(postgres: Server, empty_postgres: str) -> AsyncIterator[str]:
    async with postgres.copy(empty_postgres) as address:
        yield address


@pytest.fixture
async def two(url: str, telegram: LocalServer) -> AsyncIterator[Two]:
    async with AsyncExitStack() as stack:
        ports = free_ports(2)
        replicas = [Replica(f"http://127.0.0.1:{port}/hook", ColourNetwork()) for port in ports]
        both = Two(*replicas)
        await stack.enter_async_context(calls(telegram, both.where, SECRET))
        for port, replica in zip(ports, replicas, strict=True):
            database = await Database.open(url)
            stack.push_async_callback(database.close)
            settings = Settings(
                _env_file=None,  # type: ignore[call-arg]
                database_url=url,
                admin_ids=frozenset({77}),
            )
            application = build(
                settings,
                colour_engine(network=replica.network),
                database,
                token=TOKEN,
                api_url=telegram.url,
            )
            received = await stack.enter_async_context(
                webhook(application, "https://bot.example/hook", SECRET, port)
            )
            replica.services = application.bot_data["services"]
            await stack.enter_async_context(in_step(replica.services, received.inbox))
        yield both


@pytest.fixture
async def people(telegram: LocalServer) -> AsyncIterator[People]:
    async with (
        Person(telegram.page_url) as ann,
        Person(telegram.page_url, chat=1_001, name="Ben") as ben,
        Person(telegram.page_url, chat=77, name="Admin") as admin,
    ):
        yield ann, ben, admin


async def test_what_is_delivered_four_times_to_two_replicas_is_answered_once(
    two: Two, people: People
) -> None:
    ann, ben, _ = people
    for number in range(4):
        for person in (ann, ben):
            await person.send_photo(jpeg("red", number))
    for _ in range(4):
        for person in (ann, ben):
            assert hashtags(await person.wait_reply())[0] == "#red1"
    for person in (ann, ben):
        assert "Send me a photo" in await reply_text(person, "/start")
        assert len(person.replies()) == 5
    assert two.first.network.photos + two.second.network.photos <= 8


async def test_a_chats_next_update_is_for_the_replica_that_is_at_one_of_it(
    two: Two, people: People
) -> None:
    ann, ben, _ = people
    pause = Pause()
    two.first.network.before_photo = pause
    two.of_chat = {1_000: [two.first], 1_001: [two.second]}
    await ann.send_photo(jpeg("red"))
    await pause.reached()
    two.of_chat[1_000] = [two.second]
    await ann.send_photo(jpeg("green"))
    assert (await answer_hashtags(ben, "blue"))[0] == "#blue1"
    assert (two.first.network.photos, two.second.network.photos) == (0, 1)
    pause.end()
    answers = [hashtags(await ann.wait_reply())[0] for _ in range(2)]
    assert sorted(answers) == ["#green1", "#red1"]
    assert (two.first.network.photos, two.second.network.photos) == (2, 1)


async def test_a_message_that_another_replica_has_taken_over_is_not_sent_by_the_first(
    two: Two, url: str, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, _, _ = people
    two.of_chat = {1_000: [two.first]}
    monkeypatch.setattr("bot.chat.delivery.FIRST_PAUSE", 0.1)
    trouble = Refusing(monkeypatch, "sendMessage", RefusalError(500, "Trouble"))
    await ann.send_text("/help")
    await until(lambda: trouble.refused, 60)
    database = await Database.open(url)
    async with database.session() as session:
        alive = replica_tables.Replica.number
        another = select(alive).where(alive != OutgoingMessage.replica).scalar_subquery()
        await session.execute(update(OutgoingMessage).values(replica=another))
    await database.close()
    trouble.over = True
    assert "Send me a photo" in await reply_text(ann, "/start")
    assert len(ann.replies()) == 1


@pytest.fixture
def renewed_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.shared_inbox.RENEW_EVERY", 0.05)


@pytest.mark.parametrize("by_another", [False, True])
async def test_a_chats_next_update_is_for_any_replica_some_time_after_its_last_is_handled(
    renewed_often: None, two: Two, url: str, people: People, by_another: bool
) -> None:
    ann, _, _ = people
    pause = Pause()
    two.first.network.before_photo = pause
    two.of_chat = {1_000: [two.first]}
    await ann.send_photo(jpeg("red"))
    await pause.reached()
    database = await Database.open(url)
    async with database.session() as session:
        if by_another:
            [waits] = await session.scalars(select(WaitingUpdate))
            await inbox.handled(session, waits.bot_id, [waits.update_id])
    pause.end()
    if not by_another:
        assert hashtags(await ann.wait_reply())[0] == "#red1"
    async with asyncio.timeout(20):
        while not await is_given_up(database):
            pass
    await database.close()
    two.of_chat[1_000] = [two.second]
    assert (await answer_hashtags(ann, "green"))[0] == "#green1"
    assert (two.first.network.photos, two.second.network.photos) == (1, 1)
    assert len(ann.replies()) == 2 - by_another


async def is_given_up(database: Database) -> bool:
    """Whether the chats' time is over, and no replica prolongs it in a moment."""
    async with database.session() as session:
        await session.execute(update(replica_tables.ChatAtWork).values(until=now()))
    await asyncio.sleep(0.5)
    async with database.reading() as session:
        return all(
            one < now() for one in await session.scalars(select(replica_tables.ChatAtWork.until))
        )


async def test_what_one_replica_is_taught_the_other_recommends(
    two: Two, postgres: Server, people: People
) -> None:
    ann, ben, admin = people
    two.of_chat = {1_000: [two.first], 1_001: [two.second], 77: [two.first]}
    await answer_hashtags(ann, "red")
    for word in ("heard", "missed"):
        if word == "missed":  # with every connection goes what listens
            await postgres.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname LIKE 'test_%'"
            )
        assert (await reply_text(ann, f"/addtags #{word}")).startswith(f"Learnt: #{word}")
        review = await reply(admin, "/review")
        assert await note(admin, review, f"✓ #{word}") == f"#{word} is approved."
        async with asyncio.timeout(20):
            while f"#{word}" not in await answer_hashtags(ben, "red"):
                pass


async def test_a_deletion_that_another_try_completes_is_told_to_every_replica(
    two: Two, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, _, _ = people
    two.of_chat = {1_000: [two.first]}
    await answer_hashtags(ann, "red")
    await reply_text(ann, "/addtags #zyzzyvas")
    await until(lambda: "zyzzyvas" in two.second.known, 20)
    with deletion_breaks_off(monkeypatch):
        assert "cannot save anything" in await reply_text(ann, "/forget yes")
    assert "Nothing about you" in await reply_text(ann, "/forget yes")
    await until(lambda: "zyzzyvas" not in (*two.first.known, *two.second.known), 20)


async def test_a_replica_learns_again_what_it_could_not_read_when_it_was_taught(
    two: Two, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, _, _ = people
    two.of_chat = {1_000: [two.first]}
    await answer_hashtags(ann, "red")
    with labels_cannot_be_read(monkeypatch):
        await reply_text(ann, "/addtags #zyzzyvas")
        await two.first.services.learner.finished()
    assert "zyzzyvas" not in two.first.known
    await until(lambda: "zyzzyvas" in two.first.known, 20)


async def test_a_replica_that_missed_changes_learns_everything_anew(
    two: Two, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, ben, admin = people
    two.of_chat = {1_000: [two.first], 1_001: [two.second], 77: [two.first]}
    await answer_hashtags(ann, "red")
    await reply_text(ann, "/addtags #heard")
    await note(admin, await reply(admin, "/review"), "✓ #heard")
    async with asyncio.timeout(20):
        while "#heard" not in await answer_hashtags(ben, "red"):
            pass

    async def purged(session: Any, last: int, replica: int) -> tuple[int, list[changes.Changed]]:
        return await changes.newest(session), []

    monkeypatch.setattr("storage.changes.after", purged)
    await reply(ann, "/forget yes")
    assert "#heard" in await answer_hashtags(ben, "red")
    later = now() + changes.KEPT_FOR
    monkeypatch.setattr("bot.replicas.now", lambda: later)
    async with asyncio.timeout(20):
        while "#heard" in await answer_hashtags(ben, "red"):
            pass


async def test_what_the_database_was_away_for_is_handled_once_it_is_back(
    two: Two, postgres: Server, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, ben, _ = people
    counted = Mock(wraps=RateLimits(1_000).verdict)
    monkeypatch.setattr(SharedRateLimits, "verdict", AsyncMock(side_effect=counted))
    two.of_chat = {1_000: [two.first], 1_001: [two.second]}
    green = await answer(ann, "green")
    await answer_hashtags(ben, "blue")
    pauses = {1_000: Pause(), 1_001: Pause()}
    two.first.network.before_photo = pauses[1_000]
    two.second.network.before_photo = pauses[1_001]
    await ann.send_photo(jpeg("red"))
    await ben.send_photo([jpeg("red", 5), jpeg("red", 6)])
    for pause in pauses.values():
        await pause.reached()
    await asyncio.to_thread(postgres.stop)
    for pause in pauses.values():
        pause.end()
    await asyncio.sleep(1)
    await asyncio.to_thread(postgres.start)
    assert hashtags(await ann.wait_reply())[0] == "#red1"
    assert hashtags(await ben.wait_reply())[0] == "#red1"
    assert (await reply_text(ann, "/addtags #sofa", green)).startswith("Learnt: #sofa")
    assert (len(ann.replies()), len(ben.replies())) == (3, 2)
    assert counted.call_count == 6  # what is handled again has counted already
    assert "could not save" not in "".join(one["text"] for one in ann.replies() + ben.replies())


@pytest.mark.parametrize("what", ["a photo", "/addtags #sofa", "/help"])
async def test_what_is_stored_as_the_connection_is_lost_is_answered_once(
    two: Two, people: People, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    ann, _, _ = people
    two.of_chat = {1_000: [two.first]}
    await answer_hashtags(ann, "green")
    with connection_is_lost_as_a_message_is_stored(monkeypatch) as happened:
        await (ann.send_photo(jpeg("red")) if what == "a photo" else ann.send_text(what))
        async with asyncio.timeout(20):
            await happened.wait()
    begins = {"a photo": "Best five\n#red1", "/addtags #sofa": "Learnt: #sofa", "/help": "Send a"}
    assert (await ann.wait_reply())["text"].startswith(begins[what])
    await until(lambda: waiting(two.first.services.database), 20)
    await asyncio.sleep(3)  # for what would come twice
    assert len(ann.replies()) == 2
    if what == "/addtags #sofa":
        assert "sofa" in two.first.known


@pytest.mark.parametrize(
    ("state", "told"), [("53100", "disk .* is full"), ("57014", "raise statement_timeout")]
)
async def test_what_does_not_pass_lets_a_photo_be_answered_and_nothing_be_confirmed(
    two: Two, url: str, people: People, caplog: pytest.LogCaptureFixture, state: str, told: str
) -> None:
    ann, _, _ = people
    await answer_hashtags(ann, "green")
    database = await Database.open(url)
    async with database.session() as session:
        for statement in REFUSAL:
            await session.execute(text(statement.format(state=state)))
    await database.close()
    message = await answer(ann, "red")
    assert hashtags(message)[0] == "#red1"
    assert "could not save" in message["text"]
    assert "cannot save anything" in await reply_text(ann, "/addtags #sofa")
    assert re.search(told, caplog.text)
