"""Lists in queries of any length: IN takes a parameter a value, and drivers limit how many."""

import json
from collections.abc import Collection

from sqlalchemy import Select, Text, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession


def rows_of(session: AsyncSession, values: Collection[str]) -> Select[tuple[str]]:
    """A query for the values, which takes one parameter: ``column.in_(rows_of(session, many))``."""
    if session.get_bind().dialect.name == "postgresql":
        return select(func.unnest(literal(list(values), ARRAY(Text))).column_valued("value"))
    return select(func.json_each(json.dumps(list(values))).table_valued("value").c.value)
