"""Gives an answer's mix of sizes, and whether it is an album's, columns of their own.

Until then one column held ``style``, ``style/mix`` or ``style/album``.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ALBUM = "album"

_answers = sa.table(
    "recommendations",
    sa.column("style", sa.String),
    sa.column("mix", sa.String),
    sa.column("album", sa.Boolean),
)


def upgrade() -> None:
    op.add_column("recommendations", sa.Column("mix", sa.String(32)))
    op.add_column(
        "recommendations",
        sa.Column("album", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    joined = sa.select(_answers.c.style).distinct().where(_answers.c.style.contains("/"))
    for style in op.get_bind().scalars(joined).all():
        ranking, _, rest = style.partition("/")
        values = {
            "style": ranking,
            "album": rest == _ALBUM,
            "mix": None if rest == _ALBUM else rest,
        }
        op.execute(_answers.update().where(_answers.c.style == style).values(**values))


def downgrade() -> None:
    style, mix = _answers.c.style, _answers.c.mix
    op.execute(_answers.update().where(_answers.c.album).values(style=style + f"/{_ALBUM}"))
    of_mix = _answers.update().where(mix.is_not(None), ~_answers.c.album)
    op.execute(of_mix.values(style=style + "/" + mix))
    # Not by a batch, which rebuilds the table: dropping the old one would delete the votes.
    for column in ("album", "mix"):
        op.drop_column("recommendations", column)
