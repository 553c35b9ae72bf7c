"""Addresses of HTTP services: https, or plain http to this very machine."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from orderferry.config.kinds import Kind, Unfit

_UNFIT_CHARACTERS = re.compile(r"[\x00-\x20\x7f\\]")


def is_loopback(host: str) -> bool:
    """Given a host of a URL, return whether it can only be this machine: localhost, 127.0.0.0/8 or ::1."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _http_url(value: object) -> str:
    """Given an https URL, or an http URL of this machine, return it. Raise Unfit for anything else."""
    if not isinstance(value, str) or _UNFIT_CHARACTERS.search(value):
        raise Unfit
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
        _ = parts.port  # raises ValueError when it is none
    except ValueError:
        raise Unfit from None
    plain = parts.scheme == "http" and is_loopback(host)
    if not host or not (parts.scheme == "https" or plain):
        raise Unfit
    return value


def _service_url(value: object) -> str:
    url = _http_url(value)
    parts = urlsplit(url)
    if parts.username is not None or parts.query or parts.fragment:
        raise Unfit
    return url.rstrip("/")


_EXPECTED = "an https address in quotes (plain http only to this machine: 127.0.0.1, ::1 or localhost)"
SERVICE_URL = Kind("URL", _EXPECTED, _service_url)
SECRET_URL = Kind("secret URL", _EXPECTED, _http_url, secret=True)
