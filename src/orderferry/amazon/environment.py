"""Environment variables that would change which account, region or endpoint the SP-API library talks to.

The library reads them when it is imported and when a client is built (sp-api-orders 7.5); a variable left over from
another program must never send this shop's run to another account. Secrets of ours are named ORDERFERRY_…, so nothing
of ours is lost. Proxies and SSL_CERT_FILE are the machine's own business and stay (see transport.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, MutableMapping

# SP_API_DEFAULT_MARKETPLACE, _REFRESH_TOKEN, _AWS_SECRET_ID, _AUTH_CACHE_SIZE, _AUTH_CACHE_TTL; LWA_APP_ID,
# LWA_CLIENT_SECRET; each also with the name of an account behind it. The last is where the library's configuration
# files are looked for.
_PREFIXES = ("SP_API_", "LWA_")
_NAMES = frozenset({"AWS_ENV", "PYTHON-SP-APIDIR"})


def stray_variables(names: Iterable[str]) -> tuple[str, ...]:
    """Given names of environment variables, return those that would steer the SP-API library, sorted."""
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
