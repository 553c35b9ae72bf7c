"""A ledger on a server that the first version made, with its rows, and hosts of today that meet it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy import text

from orderferry.config.model import Secret
from orderferry.ledger.server import PREFIX
from support.ledgers import opened, tell_story

AS_FIRST = {
    "the column of the seller": f"ALTER TABLE {PREFIX}ledger DROP COLUMN seller",
    "the column of the listings": f"ALTER TABLE {PREFIX}listings DROP COLUMN unreadable",
    "the table of findings": f"DROP TABLE {PREFIX}findings",
}


@pytest.mark.parametrize("made", [None, *AS_FIRST])
def test_a_servers_ledger_of_the_first_version_is_brought_up_to_date_with_all_it_knew(
    url: Secret, made: str | None
) -> None:
    """Also where a run was killed after one of the steps, which MySQL commits by itself (`made`)."""
    with opened(url) as ledger:
        tell_story(ledger)
        before = ledger.last_runs(), ledger.conditions(), ledger.open_counts()
    engine = sa.create_engine(url.reveal(), poolclass=sa.NullPool)
    with engine.begin() as connection:
        for what, statement in AS_FIRST.items():
            if what != made:
                connection.execute(text(statement))
        connection.execute(text(f"DELETE FROM {PREFIX}migrations WHERE name NOT LIKE 'm001%'"))
    with opened(url) as ledger:
        assert not ledger.is_new
        assert (ledger.last_runs(), ledger.conditions(), ledger.open_counts()) == before
        assert (ledger.seller(), ledger.findings()) == ("", [])
        ledger.set_seller("somebody")
    with opened(url) as ledger:
        assert ledger.seller() == "somebody"
    with engine.begin() as connection:
        assert connection.execute(text(f"SELECT COUNT(*) FROM {PREFIX}migrations")).scalar() == 3
