"""The commands: what the list of commands says of each, and the module that holds it."""

from __future__ import annotations

# Command -> its line in the list, and its module, which has a click command `<name>_command`; it is loaded when used.
COMMANDS = {
    "init": ("Write a commented configuration by asking.", "orderferry.cli.init"),
    "import": ("Observe the window by time of last update and upsert.", "orderferry.cli.import_commands"),
    "recheck": ("Daily catch-up of shipped FBA orders.", "orderferry.cli.import_commands"),
    "doublecheck": ("Daily catch-up of unshipped regular orders.", "orderferry.cli.import_commands"),
    "compare": ("The daily comparison of Amazon with the shop.", "orderferry.cli.compare"),
    "status": ("The state of things at a glance.", "orderferry.cli.status"),
    "show": ("Everything known of one order.", "orderferry.cli.show"),
    "ignore": ("Set an order, or a reported difference, aside.", "orderferry.cli.ignore"),
    "adopt": ("Take over another importer's orders.", "orderferry.cli.adopt"),
    "check": ("Try everything before the first run.", "orderferry.cli.check"),
    "plan": ("A schedule that Amazon's quota carries.", "orderferry.cli.plan"),
    "bridge": ("Let PrestaShop's modules hear of imported orders.", "orderferry.cli.bridge"),
    "forget": ("Blank buyers' data some time after delivery.", "orderferry.cli.forget"),
    "simulator": ("Run the simulated Amazon on a local port.", "orderferry.cli.simulator"),
    "demo": ("The whole job, with no account and no server.", "orderferry.cli.demo"),
}
