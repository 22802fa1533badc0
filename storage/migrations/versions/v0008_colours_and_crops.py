"""Stores photos' colours, and hashes of a cropped view, to recognise copies by.

Photos stored before have neither: they are recognised as before, by hashes alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TABLE = "cropped_photos"
_BANDS = [f"band_{band}" for band in range(5)]


def upgrade() -> None:
    op.add_column("photos", sa.Column("colours", sa.LargeBinary(192)))
    op.create_table(
        _TABLE,
        sa.Column("photo_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("average_hash", sa.BigInteger(), nullable=False),
        sa.Column("perceptual_hash", sa.LargeBinary(32), nullable=False),
        *(sa.Column(band, sa.SmallInteger(), nullable=False) for band in _BANDS),
        sa.Column("colours", sa.LargeBinary(192)),
        sa.PrimaryKeyConstraint("photo_id", name=f"pk_{_TABLE}"),
        sa.ForeignKeyConstraint(
            ["photo_id"], ["photos.id"], name=f"fk_{_TABLE}_photo_id_photos", ondelete="CASCADE"
        ),
    )
    op.create_index(f"ix_{_TABLE}_average_hash", _TABLE, ["average_hash"])
    for band in _BANDS:
        columns = [band, "photo_id", "average_hash"]
        op.create_index("_".join(("ix", _TABLE, *columns)), _TABLE, columns)


def downgrade() -> None:
    op.drop_table(_TABLE)
    # Not by a batch, which rebuilds the table: dropping the old one would delete dependent rows.
    op.drop_column("photos", "colours")
