"""What a person or crontab asked one run for, beyond the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from orderferry.domain.orders import Channel


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of `import`, `recheck` and `doublecheck` (contract §2). Times are aware UTC; `marketplaces` ids."""

    window: timedelta | None = None
    since: datetime | None = None
    until: datetime | None = None
    orders: tuple[str, ...] = ()
    marketplaces: tuple[str, ...] = ()
    channels: tuple[Channel, ...] = ()
    dry_run: bool = False
    restore: bool = False
    accept_shop: bool = False
    max_time: timedelta = timedelta(hours=2)

    @property
    def spans_by_hand(self) -> bool:
        """Whether a span was asked for by hand: it is read whole, covered or not."""
        return self.window is not None or self.since is not None or self.until is not None
