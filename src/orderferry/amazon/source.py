"""Amazon as a source of orders. Every request goes through `exchange.py`."""

from __future__ import annotations

import logging
import os
import platform
import random
import sys
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from orderferry import __version__
from orderferry.amazon.decode_order import ORDER_ID, decode_order, not_ahead
from orderferry.amazon.decode_page import UnusableBody, decode_page, decode_single
from orderferry.amazon.exchange import Exchange, Quota
from orderferry.amazon.login import Login
from orderferry.amazon.parameters import Datasets, order_parameters, search_parameters
from orderferry.amazon.response_errors import AmazonResponse, Forbidden, good_body, is_unknown_order, listing_refused
from orderferry.amazon.transport import AmazonClock, open_document_transport, open_transports, parse_http_date
from orderferry.config.kinds import is_loopback
from orderferry.config.model import AmazonSettings
from orderferry.domain.orders import Order, UnreadableOrder
from orderferry.domain.search import Page, Search
from orderferry.errors import DatasetRefused, UsageError

if TYPE_CHECKING:
    from orderferry.amazon.reports import AmazonReports

log = logging.getLogger(__name__)
T = TypeVar("T")
SEARCH, GET = "searchOrders", "getOrder"

# SP_API_DEFAULT_MARKETPLACE, _REFRESH_TOKEN, _AWS_SECRET_ID, _AUTH_CACHE_SIZE, _AUTH_CACHE_TTL; LWA_APP_ID,
# LWA_CLIENT_SECRET; each also with the name of an account behind it. The last is where the library's configuration
# files are looked for.
_PREFIXES = ("SP_API_", "LWA_")
_NAMES = frozenset({"AWS_ENV", "PYTHON-SP-APIDIR"})


def user_agent() -> str:
    """Return our User-Agent in the form that SP-API asks for: name/version (Language=…; Platform=…)."""
    language = f"Python/{sys.version_info.major}.{sys.version_info.minor}"
    return f"orderferry/{__version__} (Language={language}; Platform={platform.system() or 'unknown'})"


class AmazonSource:
    """The orders of one seller account.

    `quota` keeps the book of tokens; `recall` and `remember` keep a text between runs; `clock` gives this machine's
    aware UTC now, `sleep` takes seconds. Nothing is sent before the first question. Raise UsageError for addresses or
    credentials that must not be used, AmazonUnavailable for proxy or certificate settings of the machine that can't be.
    """

    def __init__(
        self,
        settings: AmazonSettings,
        quota: Quota,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        chance: Callable[[], float] = random.random,
        recall: Callable[[str], str | None] = lambda _: None,
        remember: Callable[[str, str], None] = lambda _key, _value: None,
    ) -> None:
        _refuse_unsafe(settings)
        self.stray_variables = drop_stray_variables()
        # Only now: the library reads those variables when it is imported; and --help never needs it.
        from orderferry.amazon.client import OrdersClient  # noqa: PLC0415

        self._settings = settings
        self._sleep = sleep
        self._clock = AmazonClock(clock)
        endpoint = settings.endpoint.rstrip("/")
        to_api, to_login = open_transports(endpoint, settings.token_url, settings.timeout)
        self._transports = {to_api, to_login}
        self._login = Login(settings, to_login, self._clock, user_agent())
        self._client = OrdersClient(endpoint, self._login, to_api)
        self._datasets = Datasets(recall, remember, clock)
        self._exchange = Exchange(self._login, quota, self._clock, sleep, chance)

    @property
    def calls(self) -> Mapping[str, int]:
        """Return the requests made so far, by operation, retries included; logins are not counted."""
        return {SEARCH: 0, GET: 0, **self._exchange.calls}

    @property
    def clock_offset(self) -> timedelta | None:
        """Return Amazon's time less this machine's; None as long as Amazon has not answered with a date."""
        return self._clock.offset

    @property
    def withheld(self) -> Mapping[str, str]:
        """Return the sets of data that Amazon refuses to this account, with its own words; they are left out."""
        return self._datasets.withheld

    def now(self) -> datetime:
        """Return Amazon's time, aware UTC; log in where nothing was asked yet. Raise as `search`, but for the quota."""
        if self._clock.offset is None:
            self._exchange.retried(self._login.token)
        return self._clock.now()

    def search(self, search: Search, token: str | None = None) -> Page:
        """Return one page of a listing. Spends one token of searchOrders a try.

        Raise AmazonUnavailable, QuotaExhausted, PaginationExpired, AmazonRefused, or MarketplaceRefused when this
        listing is refused to credentials that are good; RequestRejected for a request that Amazon rejects.
        """

        def read(answer: AmazonResponse) -> Page:
            """Return the page. Raise what `good_body` raises, UnusableBody for a body that is none."""
            body = good_body(answer, SEARCH, paged=bool(token))
            return decode_page(body, search.basis, parse_http_date(answer.headers.get("date")))

        try:
            page = self._ask(
                SEARCH, lambda datasets: self._client.search(search_parameters(search, token, datasets)), read
            )
        except Forbidden as refused:
            raise listing_refused(refused, search.marketplaces) from refused
        now = self._clock.now()
        return replace(page, orders=tuple(not_ahead(order, now) for order in page.orders))

    def get(self, order_id: str) -> Order | UnreadableOrder | None:
        """Return one order; None when Amazon does not know it, or it can't be an order's id. Spends one getOrder
        token a try.

        Raise as `search`, but for PaginationExpired and MarketplaceRefused.
        """
        if not ORDER_ID.fullmatch(order_id):
            return None

        def read(answer: AmazonResponse) -> Order | UnreadableOrder | None:
            """Return the order; None for the answer that says that there is none. Raise as for a page."""
            if is_unknown_order(answer):
                return None
            order = decode_order(decode_single(good_body(answer, GET)))
            if order.order_id not in {order_id, None}:
                raise UnusableBody("it is about another order")
            return order

        found = self._ask(GET, lambda datasets: self._client.get(order_id, order_parameters(datasets)), read)
        return None if found is None else not_ahead(found, self._clock.now())

    def _ask(
        self, operation: str, send: Callable[[Sequence[str]], AmazonResponse], read: Callable[[AmazonResponse], T]
    ) -> T:
        """Ask, and once more without a set of data that Amazon does not let this account ask for."""
        while True:
            try:
                answer = self._exchange.ask(operation, lambda: send(self._datasets.asked), read)
            except DatasetRefused as refused:
                self._datasets.leave_out(refused)
                log.warning("%s It is asked without %s from now on.", refused.message, ", ".join(refused.names))
            else:
                self._datasets.answered()
                return answer

    def reports(self) -> AmazonReports:
        """Return the reports of the same account, by the same login and quota; closed with this."""
        from orderferry.amazon.reports import AmazonReports  # noqa: PLC0415 — the library, as above

        documents = open_document_transport(self._settings.endpoint, self._settings.timeout)
        self._transports.add(documents)
        return AmazonReports(self._exchange, self._client, documents, self._clock, self._sleep)

    def close(self) -> None:
        """Close the connections. May be called twice."""
        for transport in self._transports:
            transport.close()


def _refuse_unsafe(settings: AmazonSettings) -> None:
    """The configuration has checked this already; credentials go over these addresses, so it is checked here too."""
    for key, url in (("amazon.endpoint", settings.endpoint), ("amazon.token_url", settings.token_url)):
        parts = urlsplit(url)
        host = parts.hostname or ""
        if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
            raise UsageError(f"{key} is no https address.", hint="Plain http goes to this machine only.")
    credentials = (
        ("amazon.client_id", settings.client_id),
        ("amazon.client_secret", settings.client_secret),
        ("amazon.refresh_token", settings.refresh_token),
    )
    for key, value in credentials:
        if not value:
            raise UsageError(f"{key} is empty.", hint="`orderferry init` asks for it.")


def stray_variables(names: Iterable[str]) -> tuple[str, ...]:
    """Return, sorted, the names of environment variables that would steer the SP-API library.

    It reads them when it is imported and when a client is built. A variable left over from another
    program must never send this shop's run to another account. Our own secrets are named ORDERFERRY_…, and proxies
    and SSL_CERT_FILE are the machine's own business (see transport.py).
    """
    return tuple(sorted(name for name in names if name in _NAMES or name.startswith(_PREFIXES)))


def drop_stray_variables(environ: MutableMapping[str, str] | None = None) -> tuple[str, ...]:
    """Take the stray variables out of this process's environment and return their names, for `check` to tell.

    Has to come before the first import of `sp_api`.
    """
    environ = os.environ if environ is None else environ
    stray = stray_variables(environ)
    for name in stray:
        del environ[name]
    return stray
