"""Rules between keys: what excludes, needs or bounds what."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from orderferry.config.display import shown
from orderferry.config.findings import Findings, key_path
from orderferry.config.keys import KEYS
from orderferry.config.lines import KeyPath
from orderferry.domain.marketplaces import MARKETPLACES, Marketplace

# The parts of a database address that replace `prestashop.url`; beside `prestashop.from` they win over the file's.
PARTS = tuple(f"prestashop.{part}" for part in ("host", "port", "socket", "user", "database"))

# Two ways to say the same: of the two sides, only one may be given.
ALTERNATIVES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("prestashop.url", ("prestashop.from", *PARTS)),
    ("prestashop.socket", ("prestashop.host", "prestashop.port")),
    ("ledger.url", ("ledger.path",)),
)

# A key with this value needs the other key.
NEEDS = (
    ("products.unknown", "placeholder", "products.placeholder"),
    ("customers.mode", "fixed", "customers.account"),
)

_SSL_FILES = ("prestashop.ssl_ca", "prestashop.ssl_cert", "prestashop.ssl_key")


def settle_alternatives(findings: Findings) -> None:
    """Where two ways to say the same are given, keep the stronger one; in one and the same file it is a problem."""
    for one, others in ALTERNATIVES:
        first = findings.origin(one)
        for name in others:
            second = findings.origin(name)
            if first is None or second is None:
                continue
            if first.rank == second.rank:
                findings.problems.add_for(second, f"can't stand beside {first.name}: keep one of them")
                findings.found.pop(key_path(name))
            elif first.rank > second.rank:
                findings.found.pop(key_path(name))
            else:
                findings.found.pop(key_path(one), None)
                first = None


def check_rules(findings: Findings) -> None:
    """Note everything that is wrong between keys, and what is missing."""
    _check_required(findings)
    _check_marketplaces(findings)
    _check_overlap(findings)
    _check_needs(findings)
    _check_ssl_files(findings)


def _check_required(findings: Findings) -> None:
    for key in KEYS:
        if not key.required or findings.given(key.name):
            continue
        if key.name == "prestashop.url" and (
            findings.given("prestashop.from") or any(findings.given(part) for part in PARTS)
        ):
            continue
        other_ways = [key.file_key] if key.file_key else []
        other_ways += [f"${key.variable}"] if key.variable else []
        other_ways += ["prestashop.from"] if key.name == "prestashop.url" else []
        ways = f" (or {' or '.join(other_ways)})" if other_ways else ""
        findings.problems.add(f"{key.name} is missing: write for example {key.example}{ways}")
    if findings.given("prestashop.url") or findings.given("prestashop.from"):
        return
    for name in ("prestashop.user", "prestashop.database"):
        if any(findings.given(part) for part in PARTS) and not findings.given(name):
            findings.problems.add(f"{name} is missing: without prestashop.url, the user and the database are needed")


def _check_marketplaces(findings: Findings) -> None:
    origin = findings.origin("amazon.marketplaces")
    marketplaces = findings.value("amazon.marketplaces")
    region = findings.value("amazon.region") or "eu"
    if origin is None or not isinstance(marketplaces, tuple):
        return
    for marketplace in marketplaces:
        if isinstance(marketplace, Marketplace) and marketplace.region != region:
            known = ", ".join(entry.code for entry in MARKETPLACES if entry.region == region)
            findings.problems.add_for(
                origin,
                f'must all be of amazon.region "{region}" ({known}), and {marketplace.code} is of '
                f'"{marketplace.region}": each region needs a configuration of its own',
            )


def _check_overlap(findings: Findings) -> None:
    window = findings.value("observation.window") or timedelta(days=1)
    overlap = findings.value("observation.overlap") or timedelta(minutes=30)
    if isinstance(window, timedelta) and isinstance(overlap, timedelta) and overlap >= window:
        origin = findings.origin("observation.overlap") or findings.origin("observation.window")
        if origin is not None:
            findings.problems.add_for(origin, "does not fit: observation.overlap must be less than observation.window")


def _check_needs(findings: Findings) -> None:
    """Also for each marketplace, whose own keys win over the shop-wide ones."""
    for name, value, needed in NEEDS:
        for path in [path for path in findings.values if path[-2:] == key_path(name)]:
            origin = findings.found[path]
            table: KeyPath = path[:-2]
            given = (*table, *key_path(needed)) in findings.found or findings.given(needed)
            if findings.values[path] == value and not given:
                findings.problems.add_for(origin, f"= {shown(value)} needs {needed}")


def _check_ssl_files(findings: Findings) -> None:
    for name in _SSL_FILES:
        path, origin = findings.value(name), findings.origin(name)
        if origin is not None and isinstance(path, Path) and not (os.access(path, os.R_OK) and path.is_file()):
            findings.problems.add_for(origin, f"names no file that can be read: {path}")
