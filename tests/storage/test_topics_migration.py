"""A database of the version before topics is brought up to date."""

from alembic import command
from sqlalchemy import text

from storage import Database
from storage.migrations.apply import config

ANONYMOUS_ADMIN = 1_087_968_824


async def test_what_anonymous_admins_did_becomes_their_groups(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda sync: command.downgrade(config(sync), "0003"))
        await connection.execute(
            text(
                "INSERT INTO photos (id, average_hash, perceptual_hash, "
                "band_0, band_1, band_2, band_3, band_4, at) "
                "VALUES (1, 0, x'00', 0, 0, 0, 0, 0, '2026-01-01')"
            )
        )
        for number, (chat, user) in enumerate(((-500, ANONYMOUS_ADMIN), (-500, 7), (7, 7))):
            await connection.execute(
                text(
                    "INSERT INTO sightings (chat_id, message_id, photo_id, user_id, media_group, "
                    "by_bot, at) VALUES (:chat, :number, 1, :user, 'album', 0, '2026-01-01')"
                ),
                {"chat": chat, "number": number, "user": user},
            )
        await connection.run_sync(lambda sync: command.upgrade(config(sync), "0006"))
        rows = await connection.execute(
            text("SELECT chat_id, user_id, topic_id FROM sightings ORDER BY message_id")
        )
        assert rows.all() == [(-500, -500, None), (-500, 7, None), (7, 7, None)]
