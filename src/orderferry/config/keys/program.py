"""The keys of the program itself: include, [events], [alerts] and [logging]."""

from __future__ import annotations

from orderferry.config import kinds
from orderferry.config.kinds import Key, choice

INCLUDE = (
    Key(
        "include",
        kinds.PATHS,
        "Another configuration file, or a list of them, whose keys apply where this file has none.",
        example='"common.toml"',
    ),
)

EVENTS = (
    Key(
        "events.enabled",
        kinds.BOOLEAN,
        "Write the feed of changes (table `<prefix>orderferry_event`, docs/events.md) for the bridge and for other "
        "programs.",
        default="false",
    ),
)

ALERTS = (
    Key(
        "alerts.ping_url",
        kinds.SECRET_URL,
        "Pinged at start, success and failure, as healthchecks.io wants it; `{command}` in it is filled in.",
        example='"https://hc-ping.com/your-uuid"',
        without="off",
    ),
    Key(
        "alerts.webhook_url",
        kinds.SECRET_URL,
        "Gets what is news, with the problems of the run, as JSON.",
        example='"https://example.com/hooks/orderferry"',
        without="off",
    ),
)

LOGGING = (
    Key(
        "logging.file",
        kinds.LOG_TARGET,
        "A log file (at 5 MB a new one is begun, five old ones are kept), or `syslog`, where systemd's journal "
        "listens too.",
        example='"orderferry.log"',
        without="none",
    ),
    Key("logging.level", choice("debug", "info", "warning", "error"), "What is logged.", default='"info"'),
    Key("logging.format", choice("text", "json"), "Lines of text, or one JSON object a line.", default='"text"'),
)
