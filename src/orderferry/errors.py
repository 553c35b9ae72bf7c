"""The tree of errors, cut by what has to be done about them, and the exit codes they end in.

Every error is a sentence for a webmaster (what happened, to which order or key) and, as `hint`, what to do now. Exit
codes: docs/troubleshooting.md.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from datetime import datetime
from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of every command. Stable: other people's scripts test them."""

    DONE = 0
    NEEDS_A_PERSON = 1
    USAGE = 2
    ALREADY_RUNNING = 3
    AMAZON_UNAVAILABLE = 4
    SHOP_UNAVAILABLE = 5
    LEDGER_UNUSABLE = 6
    AMAZON_REFUSED = 7
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143


# When several apply (one run, or several configurations), the first of these wins.
PRECEDENCE = (
    ExitCode.TERMINATED,
    ExitCode.INTERRUPTED,
    ExitCode.HUNG_UP,
    ExitCode.USAGE,
    ExitCode.LEDGER_UNUSABLE,
    ExitCode.SHOP_UNAVAILABLE,
    ExitCode.AMAZON_REFUSED,
    ExitCode.AMAZON_UNAVAILABLE,
    ExitCode.NEEDS_A_PERSON,
    ExitCode.ALREADY_RUNNING,
    ExitCode.DONE,
)


def root_cause(error: BaseException) -> BaseException:
    """Return the first cause of an exception. HTTP libraries wrap what the socket said."""
    seen = {id(error)}
    while (cause := error.__cause__ or error.__context__) is not None and id(cause) not in seen:
        seen.add(id(cause))
        error = cause
    return error


def where_raised(error: BaseException) -> str:
    """Return where an exception and what led to it were raised, a line for each frame.

    What the exceptions say is left out: it may quote a buyer's data or a secret.
    """
    lines: list[str] = []
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        frames = traceback.extract_tb(cause.__traceback__)
        lines = [type(cause).__name__, *(f"  {f.filename}:{f.lineno} in {f.name}" for f in frames), *lines]
        cause = cause.__cause__ or cause.__context__
    return "\n".join(lines)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the exit code that stands for all of these; DONE for none."""
    found = set(codes)
    return next((code for code in PRECEDENCE if code in found), ExitCode.DONE)


class OrderferryError(Exception):
    """Base of all errors that are meant for the user.

    `str(error)` is one sentence without secrets or personal data; `hint` is the next step, or ''. `keys`: the keys of
    the configuration that it is about, where it is known.
    """

    exit_code = ExitCode.NEEDS_A_PERSON
    code = "error"
    heals = False  # whether the next run may find it gone although nobody did anything
    subject = ""  # what it is about, where one run may meet the same error about several things

    def __init__(self, message: str, *, hint: str = "", keys: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.keys = keys


class InternalError(OrderferryError):
    """Something that should not happen: a defect of orderferry's. The next run tries again."""

    code = "internal"


class UsageError(OrderferryError):
    """The command line or the configuration is wrong; nothing was tried."""

    exit_code = ExitCode.USAGE
    code = "usage"


class ConfigError(UsageError):
    """The configuration is missing or wrong. `problems` lists every one, each a sentence with its line and key."""

    code = "configuration"

    def __init__(self, message: str, *, hint: str = "", problems: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.problems = problems


class AlreadyRunning(OrderferryError):
    """Another run of the same command on this ledger holds the lock."""

    exit_code = ExitCode.ALREADY_RUNNING
    code = "already-running"
    heals = True


class AmazonError(OrderferryError):
    """Base of what comes from Amazon's side."""

    exit_code = ExitCode.AMAZON_UNAVAILABLE
    code = "amazon-unavailable"


class AmazonUnavailable(AmazonError):
    """No network, a time-out, a 5xx, or an answer that is not a page of orders. Heals by itself."""

    heals = True


class QuotaExhausted(AmazonError):
    """No token is left for `operation`, by our own book or by Amazon's 429. `retry_at`: when one is back (UTC)."""

    code = "quota-exhausted"
    heals = True

    def __init__(self, message: str, *, operation: str, retry_at: datetime | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.operation = operation
        self.retry_at = retry_at


class PaginationExpired(AmazonError):
    """Amazon no longer takes the pagination token (24 hours): the span has to be read from its first page."""

    code = "pagination-expired"
    heals = True


class RequestRejected(AmazonError):
    """Amazon rejects this one request (400), and would reject it again; others it may take."""

    code = "request-rejected"

    def __init__(self, message: str, *, amazon_message: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.amazon_message = amazon_message


class DatasetRefused(RequestRejected):
    """Amazon does not let this account ask for these sets of includedData."""

    def __init__(self, message: str, *, names: tuple[str, ...], amazon_message: str = "", hint: str = "") -> None:
        super().__init__(message, amazon_message=amazon_message, hint=hint)
        self.names = names


class AmazonRefused(AmazonError):
    """Credentials, role or region are refused: a person must act, nothing is retried."""

    exit_code = ExitCode.AMAZON_REFUSED
    code = "amazon-refused"


class MarketplaceRefused(AmazonRefused):
    """The listing of these marketplaces was refused (403) while the credentials themselves are good."""

    code = "marketplace-refused"

    def __init__(self, message: str, *, marketplaces: tuple[str, ...], hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.marketplaces = marketplaces
        self.subject = " ".join(marketplaces)


class ShopError(OrderferryError):
    """Base of what comes from the shop's database."""

    exit_code = ExitCode.SHOP_UNAVAILABLE
    code = "shop-unavailable"


class ShopUnavailable(ShopError):
    """The database can't be reached, or it broke off. Heals by itself."""

    heals = True


class ShopUnfit(ShopError):
    """The database is there but can't be used: rights, a missing table, MyISAM, an unknown required column."""

    code = "shop-unfit"


class LedgerUnusable(OrderferryError):
    """The ledger is damaged, full, unwritable, newer than the program, or of another shop or account."""

    exit_code = ExitCode.LEDGER_UNUSABLE
    code = "ledger-unusable"
