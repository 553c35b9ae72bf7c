"""Whether the shop keeps an object cache, as its own PHP file says: it would not see stock that SQL writes."""

from __future__ import annotations

import re
from pathlib import Path

from orderferry.safe_files import read_ordinary

_FILES = (Path("app/config/parameters.php"), Path("config/settings.inc.php"))
# 1.7 and newer: 'ps_cache_enable' => true, 'ps_caching' => 'CacheMemcache'; 1.6: define('_PS_CACHE_ENABLED_', '1').
_ENABLED = re.compile(
    r"""['"](?:ps_cache_enable['"]\s*=>|_PS_CACHE_ENABLED_['"]\s*,)\s*['"]?(true|1|false|0)\b""", re.I
)
_SYSTEM = re.compile(r"""['"](?:ps_caching['"]\s*=>|_PS_CACHING_SYSTEM_['"]\s*,)\s*['"](\w+)['"]""")
_LARGEST = 1_000_000


def object_cache(shop_folder: Path | None) -> str | None:
    """Given the shop's folder, return the name of the cache that is on, '' when none is, None when it can't be told."""
    for place in _FILES if shop_folder else ():
        try:
            file: Path = shop_folder / place  # type: ignore[operator]  # not None within the loop
            text = read_ordinary(file, _LARGEST).decode("utf-8", "replace")
        except OSError:
            continue
        enabled = _ENABLED.search(text)
        if enabled:
            system = _SYSTEM.search(text)
            return (system[1] if system else "of its own") if enabled[1].lower() in {"true", "1"} else ""
    return None
