"""The codes of errors that scripts test, which exit code wins, and what may be printed of an exception."""

from __future__ import annotations

import pytest

from orderferry.errors import (
    AlreadyRunning,
    AmazonError,
    AmazonRefused,
    AmazonUnavailable,
    ConfigError,
    DatasetRefused,
    ExitCode,
    InternalError,
    LedgerUnusable,
    MarketplaceRefused,
    OrderferryError,
    PaginationExpired,
    QuotaExhausted,
    RequestRejected,
    ShopError,
    ShopUnavailable,
    ShopUnfit,
    UsageError,
    root_cause,
    where_raised,
    worst,
)

MAY_HEAL, NEEDS_SOMEBODY = True, False


@pytest.mark.parametrize(
    ("error", "code", "exit_code", "heals"),
    [
        (OrderferryError("a"), "error", 1, NEEDS_SOMEBODY),
        (InternalError("a"), "internal", 1, NEEDS_SOMEBODY),
        (UsageError("a"), "usage", 2, NEEDS_SOMEBODY),
        (ConfigError("a"), "configuration", 2, NEEDS_SOMEBODY),
        (AlreadyRunning("a"), "already-running", 3, MAY_HEAL),
        (AmazonError("a"), "amazon-unavailable", 4, NEEDS_SOMEBODY),
        (AmazonUnavailable("a"), "amazon-unavailable", 4, MAY_HEAL),
        (QuotaExhausted("a", operation="getOrder"), "quota-exhausted", 4, MAY_HEAL),
        (PaginationExpired("a"), "pagination-expired", 4, MAY_HEAL),
        (RequestRejected("a"), "request-rejected", 4, NEEDS_SOMEBODY),
        (DatasetRefused("a", names=("BUYER",)), "request-rejected", 4, NEEDS_SOMEBODY),
        (AmazonRefused("a"), "amazon-refused", 7, NEEDS_SOMEBODY),
        (MarketplaceRefused("a", marketplaces=("M1", "M2")), "marketplace-refused", 7, NEEDS_SOMEBODY),
        (ShopError("a"), "shop-unavailable", 5, NEEDS_SOMEBODY),
        (ShopUnavailable("a"), "shop-unavailable", 5, MAY_HEAL),
        (ShopUnfit("a"), "shop-unfit", 5, NEEDS_SOMEBODY),
        (LedgerUnusable("a"), "ledger-unusable", 6, NEEDS_SOMEBODY),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_each_error_has_its_documented_codes(error: OrderferryError, code: str, exit_code: int, heals: bool) -> None:
    assert (error.code, int(error.exit_code), error.heals) == (code, exit_code, heals)
    assert (str(error), error.message, error.hint, error.keys) == ("a", "a", "", ())


def test_marketplaces_that_are_refused_are_what_the_error_is_about() -> None:
    assert MarketplaceRefused("a", marketplaces=("M1", "M2")).subject == "M1 M2"
    assert AmazonRefused("a").subject == ""


@pytest.mark.parametrize(
    ("codes", "winner"),
    [
        ([], 0),
        ([3, 0], 3),
        ([0, 3, 1], 1),
        ([1, 4], 4),
        ([4, 7], 7),
        ([7, 5], 5),
        ([5, 6], 6),
        ([6, 2], 2),
        ([2, 129], 129),
        ([129, 130], 130),
        ([130, 143], 143),
    ],
)
def test_the_first_of_the_contracts_precedence_wins(codes: list[int], winner: int) -> None:
    assert worst(map(ExitCode, codes)) == winner


def fail() -> None:
    raise ValueError("Mario Rossi")


def fail_again() -> None:
    try:
        fail()
    except ValueError as inner:
        raise OSError("secret") from inner


def raised_twice() -> Exception:
    with pytest.raises(OSError, match="secret") as outer:
        fail_again()
    return outer.value


def test_the_root_cause_is_the_first_exception() -> None:
    assert str(root_cause(raised_twice())) == "Mario Rossi"
    circle, other = ValueError("a"), ValueError("b")
    circle.__cause__, other.__context__ = other, circle
    assert root_cause(circle) is other


def test_where_an_exception_was_raised_quotes_nothing_that_it_says() -> None:
    lines = where_raised(raised_twice()).splitlines()
    assert [line.partition(" in ")[2] or line for line in lines] == [
        "ValueError",
        "fail_again",
        "fail",
        "OSError",
        "raised_twice",
        "fail_again",
    ]
    assert f"  {__file__}:" in lines[1]
    circle, other = ValueError("a"), OSError("b")
    circle.__cause__, other.__context__ = other, circle
    assert where_raised(circle) == "OSError\nValueError"
