"""What orderferry costs, measured beside a floor in the same run: `python -m benchmarks` writes RESULTS.md.

The private MariaDB server and the installations are those of the tests.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

sys.path.insert(0, str(ROOT / "tests"))
