"""No query that people wait for reads a table that grows from one end to the other."""

import re

from sqlalchemy import text

from storage import Database, forgetting, retention
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


async def test_everything_of_a_person_is_not_looked_for_again_with_each_row_that_goes(
    database: Database,
) -> None:
    await fill(database, 200)
    async with database.session() as session:
        await session.execute(text("DELETE FROM labels"))  # which others gave those photos
    asked: list[Query] = []
    with listening(database, "/forget", asked):
        await forgetting.forget(database, 8)
    deletions = {one.statement for one in asked if one.statement.startswith("DELETE")}
    assert [one for one in deletions if re.search(r"\bIN \(SELECT\b", one)] == []
    assert {"photos", "photo_files"} <= {one.split()[2] for one in deletions}


async def test_a_query_that_reads_a_whole_table_would_be_seen(database: Database) -> None:
    query = "SELECT count(*) FROM labels AS labels_1 WHERE likely"
    async with database.session() as session:
        await session.execute(text(query))
    assert scanned(await plan(database, Query("all", query, (), 0.0))) == {"labels"}
