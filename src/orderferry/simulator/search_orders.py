"""GET /orders/2026-01-01/orders: one page of a listing."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

from orderferry.domain.durations import iso
from orderferry.domain.search import Basis
from orderferry.simulator.answers import Request, SimulatedResponse, json_answer, unauthorized
from orderferry.simulator.datasets import only_datasets, refuse_datasets
from orderferry.simulator.faults import Fault, FaultKind
from orderferry.simulator.pagination import Bookmark, read_token, write_token
from orderferry.simulator.parameters import MARGIN, SearchParameters, read_search
from orderferry.simulator.queries import Query, ResultPage
from orderferry.simulator.world import World

_CUT_OFF_FIELDS = {Basis.UPDATED: "lastUpdatedBefore", Basis.CREATED: "createdBefore"}


class OrderSearch:
    """The listing of one world. With `shifting`, later pages are counted from the first order that matches at the
    time of the request, so that orders that change meanwhile push others past a page; else each page goes on after
    the last order that was sent."""

    def __init__(self, world: World, *, shifting: bool = False) -> None:
        self.world = world
        self.shifting = shifting
        self._numbers = itertools.count(1)
        self._last_orders: list[dict[str, Any]] = []  # what REPEATED_PAGE repeats

    def answer(self, request: Request, fault: Fault | None = None) -> SimulatedResponse:
        """One page. Raise Refusal for a broken rule or a marketplace that the account may not see."""
        parameters = read_search(request)
        if parameters.marketplace_ids & self.world.refused_marketplaces:
            raise unauthorized("The application is not authorised for a marketplace of the request.")
        refuse_datasets(parameters.included, self.world.refused_datasets)
        bookmark = read_token(parameters.token, parameters.frozen, request.at) if parameters.token else None
        before = bookmark.before if bookmark else parameters.before or request.at - MARGIN
        kind = fault.kind if fault else None
        seen_at = request.at - timedelta(seconds=fault.seconds) if fault and kind is FaultKind.STALE else request.at
        found = self._find(parameters, bookmark, before, seen_at)
        orders = [only_datasets(order, parameters.included) for order in found.orders]
        token = self._next_token(parameters, bookmark, before, request.at, found)
        if kind is FaultKind.REPEATED_PAGE:
            orders = self._last_orders or orders
        if kind is FaultKind.REPEATED_TOKEN and parameters.token:
            token = parameters.token
        self._last_orders = orders
        body: dict[str, Any] = {"orders": orders}
        if token is not None:
            body["pagination"] = {"nextToken": token}
        return json_answer({**body, _CUT_OFF_FIELDS[parameters.basis]: iso(before)})

    def _find(
        self, parameters: SearchParameters, bookmark: Bookmark | None, before: datetime, seen_at: datetime
    ) -> ResultPage:
        if parameters.hopeless:
            return ResultPage((), None)
        query = Query(
            parameters.basis,
            parameters.after,
            before,
            parameters.marketplace_ids,
            parameters.fulfilled_by,
            parameters.statuses,
        )
        if bookmark and self.shifting:
            return self.world.search(seen_at, query, limit=parameters.page_size, skip=bookmark.read)
        beyond = bookmark.position if bookmark else None
        return self.world.search(seen_at, query, limit=parameters.page_size, beyond=beyond)

    def _next_token(
        self,
        parameters: SearchParameters,
        bookmark: Bookmark | None,
        before: datetime,
        now: datetime,
        found: ResultPage,
    ) -> str | None:
        if found.next_position is None:
            return None
        read = (bookmark.read if bookmark else 0) + len(found.orders)
        following = Bookmark(now, before, found.next_position, read, next(self._numbers))
        return write_token(following, parameters.frozen)
