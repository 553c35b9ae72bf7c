"""Verified TLS to a database server: what its address says of it, and the context that holds to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from orderferry.safe_files import refuse_special

if TYPE_CHECKING:
    import ssl

# As they are called in [prestashop], and after the ? of an address.
AUTHORITY = "ssl_ca"
TLS_KEYS = (AUTHORITY, "ssl_cert", "ssl_key")


def tls_files(query: Mapping[str, object]) -> dict[str, Path]:
    """Given what stands after the ? of an address, return the files for TLS that it names, by their keys."""
    return {name: Path(value) for name in TLS_KEYS if isinstance(value := query.get(name), str) and value}


def placed(query: Iterable[tuple[str, str]], folder: Path) -> tuple[tuple[str, str], ...]:
    """Given the query of an address in a configuration, return it with the paths of TLS files relative to `folder`."""
    return tuple((name, str(folder / value) if name in TLS_KEYS and value else value) for name, value in query)


def tls_context(files: Mapping[str, Path]) -> ssl.SSLContext | None:
    """Given files by their keys, return a context that verifies the server's certificate and the host's name; None when
    no authority is named. Raise OSError or ValueError for files that can't be read or hold no PEM."""
    if AUTHORITY not in files:
        return None
    for path in files.values():
        refuse_special(path)  # OpenSSL would wait at a named pipe
    import ssl  # noqa: PLC0415 — slow, and not needed by those that only read the configuration

    context = ssl.create_default_context(cafile=str(files[AUTHORITY]))
    # Certificates that MySQL and MariaDB make for themselves lack extensions which Python 3.13 demands.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if "ssl_cert" in files:
        context.load_cert_chain(files["ssl_cert"], files.get("ssl_key"))
    return context
