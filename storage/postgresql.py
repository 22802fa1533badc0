"""All that is said to PostgreSQL alone: how its transactions begin, and what its address says."""

from sqlalchemy import URL, Connection, Engine, event

__all__ = ["NOTE", "address", "prepare"]

NOTE = {"synchronous_commit": "off"}
"""Execution options of an engine whose transactions a power cut may take the last of."""


def address(url: URL) -> URL:
    """The address with libpq's name of an option, as other programs write it, as the driver's."""
    if "sslmode" not in url.query:
        return url
    mode = url.query["sslmode"]
    return url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})


def prepare(engine: Engine) -> None:
    """Set up every transaction of ``engine``; call once, before the first."""
    event.listen(engine, "begin", _begin)


def _begin(connection: Connection) -> None:
    if mode := connection.get_execution_options().get("synchronous_commit"):
        connection.exec_driver_sql(f"SET LOCAL synchronous_commit = {mode}")
