"""The standard rates of VAT that the simulator's orders bear, in percent (the United States and Canada: an example)."""

from __future__ import annotations

from decimal import Decimal

STANDARD_RATES: dict[str, Decimal] = {
    country: Decimal(rate)
    for country, rate in (
        ("IT", "22"), ("DE", "19"), ("FR", "20"), ("ES", "21"), ("NL", "21"), ("BE", "21"), ("IE", "23"), ("PL", "23"),
        ("SE", "25"), ("GB", "20"), ("AT", "20"), ("PT", "23"), ("LU", "17"), ("TR", "20"), ("AE", "5"), ("SA", "15"),
        ("EG", "14"), ("IN", "18"), ("ZA", "15"), ("US", "8.25"), ("CA", "13"), ("MX", "16"), ("BR", "17"),
        ("JP", "10"), ("AU", "10"), ("SG", "9"),
    )
}  # fmt: skip
