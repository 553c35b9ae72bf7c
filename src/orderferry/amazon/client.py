"""The SP-API library's clients for the Orders API 2026-01-01 and the Reports API 2021-06-30.

Kept: the operations, their paths and parameters. Replaced: construction (it reads SP_API_DEFAULT_MARKETPLACE, looks
for credentials in files, and opens pools of its own), headers (its Host is wrong for http addresses, its User-Agent
not in Amazon's form), the token cache, and the reading of answers (it takes an error page for an empty list).
Import this module only after `drop_stray_variables` (source.py): the library reads the environment when it is imported.
"""

from __future__ import annotations

import logging
from typing import Any, cast
from urllib.parse import quote

from sp_api.api.orders.orders_2026_01_01 import OrdersV20260101  # type: ignore[import-untyped]
from sp_api.api.reports.reports import Reports  # type: ignore[import-untyped]

from orderferry.amazon.login import Login
from orderferry.amazon.response_errors import AmazonResponse
from orderferry.amazon.transport import Transport

# They would log whole addresses (httpx) and, set to DEBUG, the access token (sp_api).
_TALKATIVE = ("httpx", "httpcore", "sp_api", "sp_api.base.client", "sp_api.auth.access_token_client")


def quiet_libraries() -> None:
    """Let the libraries log warnings only, whatever the level of orderferry's own log is."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


class _AccountClient:
    """What the clients of one account share: they give whole HTTP answers that nobody has judged yet."""

    def __init__(self, endpoint: str, login: Login, transport: Transport) -> None:
        # Not the library's own construction: see the module's first lines. These are what its requests read.
        quiet_libraries()
        self.endpoint = endpoint
        self.marketplace_id = None  # our parameters always name the marketplaces
        self.version = None
        self.restricted_data_token = None
        self._login = login
        self._transport = transport

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of a request; Host is left to the HTTP library, which knows the address.

        Raise as Login.token.
        """
        return {
            "accept": "application/json",
            "user-agent": self._login.user_agent,
            "x-amz-access-token": self._login.token(),
            "x-amz-date": self._login.clock.now().strftime("%Y%m%dT%H%M%SZ"),
        }

    def _check_response(self, res: AmazonResponse, *_: Any, **__: Any) -> AmazonResponse:
        return res


class OrdersClient(_AccountClient, OrdersV20260101):  # type: ignore[misc]
    """searchOrders and getOrder."""

    def search(self, parameters: dict[str, str]) -> AmazonResponse:
        """Ask for one page of a listing."""
        return cast(AmazonResponse, self.search_orders(**parameters))

    def get(self, order_id: str, parameters: dict[str, str]) -> AmazonResponse:
        """Ask for one order."""
        return cast(AmazonResponse, self.get_order(order_id, **parameters))

    def reports(self) -> ReportsClient:
        """Return the reports of the same account."""
        return ReportsClient(self.endpoint, self._login, self._transport)


class ReportsClient(_AccountClient, Reports):  # type: ignore[misc]
    """createReport, getReport and getReportDocument."""

    def create(self, body: dict[str, Any]) -> AmazonResponse:
        """Ask for a report."""
        return cast(AmazonResponse, self.create_report(**body))

    def get(self, report_id: str) -> AmazonResponse:
        """Ask where a report stands."""
        return cast(AmazonResponse, self.get_report(report_id))

    def document(self, document_id: str) -> AmazonResponse:
        """Ask for the address of a report's document. Not by the library's method, which sets marks on the answer."""
        return self._request(f"/reports/2021-06-30/documents/{quote(document_id, safe='')}")

    def _request(self, path: str, *, data: dict[str, Any] | None = None, **given: Any) -> AmazonResponse:
        """Send a request without the marketplaces that the library adds by itself, and with the type of its body."""
        headers = {**self.headers, "content-type": "application/json"} if data else None
        return cast(
            AmazonResponse,
            super()._request(path, **{**given, "data": data, "headers": headers, "add_marketplace": False}),
        )
