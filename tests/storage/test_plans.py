"""No query that people wait for reads a table that grows from one end to the other."""

from sqlalchemy import text

from storage import Database, retention
from storage.tables import now
from tests.storage.plans import Query, ask_everything, fill, listening, plan, scanned


async def test_nothing_that_is_asked_while_people_chat_reads_a_whole_table(
    database: Database,
) -> None:
    await fill(database, 200)
    asked = await ask_everything(database)
    plans = {one.statement: await plan(database, one, by_index=True) for one in asked}
    assert {question: steps for question, steps in plans.items() if scanned(steps)} == {}
    assert len(plans) > 50


async def test_deleting_what_is_old_keeps_no_writer_waiting_while_it_reads_a_whole_table(
    database: Database,
) -> None:
    await fill(database, 200)
    asked: list[Query] = []
    with listening(database, "old rows go", asked):
        await retention.purge(database, now())
    deletions = {one.statement: one for one in asked if one.statement.startswith("DELETE")}
    plans = {query: await plan(database, one, by_index=True) for query, one in deletions.items()}
    assert {question: steps for question, steps in plans.items() if scanned(steps)} == {}
    assert len(plans) > 3


async def test_a_query_that_reads_a_whole_table_would_be_seen(database: Database) -> None:
    query = "SELECT count(*) FROM labels AS labels_1 WHERE likely"
    async with database.session() as session:
        await session.execute(text(query))
    assert scanned(await plan(database, Query("all", query, (), 0.0))) == {"labels"}
