"""Alembic migrations, applied by ``storage.Database.open``."""
