"""What a server that holds the ledger answers, by its error numbers alone."""

from __future__ import annotations

import pymysql
import pytest

from orderferry.ledger.failures import LedgerUnavailable, server_failure


@pytest.mark.parametrize(
    ("number", "text", "heals", "words"),
    [
        pytest.param(1053, "Server shutdown in progress", True, "broke off", id="shutdown"),
        pytest.param(1054, "Unknown column 'token' in 'field list'", False, "lacks a table or a column", id="column"),
    ],
)
def test_a_server_that_shuts_down_is_told_from_a_wrong_column(number: int, text: str, heals: bool, words: str) -> None:
    failure = server_failure(pymysql.err.OperationalError(number, text), "shop")

    assert isinstance(failure, LedgerUnavailable) is heals
    assert failure.heals is heals
    assert words in failure.message
