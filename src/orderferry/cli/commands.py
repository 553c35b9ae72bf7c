"""The commands: where each is, and what the list of commands says of it."""

from __future__ import annotations

# Command -> the module that holds it; each module exports a click command of the same name.
COMMANDS = {
    "init": ("orderferry.cli.init", "init_command"),
    "import": ("orderferry.cli.import_commands", "import_command"),
    "recheck": ("orderferry.cli.import_commands", "recheck_command"),
    "doublecheck": ("orderferry.cli.import_commands", "doublecheck_command"),
    "compare": ("orderferry.cli.compare", "compare_command"),
    "status": ("orderferry.cli.status", "status_command"),
    "show": ("orderferry.cli.show", "show_command"),
    "ignore": ("orderferry.cli.ignore", "ignore_command"),
    "adopt": ("orderferry.cli.adopt", "adopt_command"),
    "check": ("orderferry.cli.check", "check_command"),
    "plan": ("orderferry.cli.plan", "plan_command"),
    "bridge": ("orderferry.cli.bridge", "bridge_command"),
    "forget": ("orderferry.cli.forget", "forget_command"),
    "simulator": ("orderferry.cli.simulator", "simulator_command"),
    "demo": ("orderferry.cli.demo", "demo_command"),
}
SHORT_HELP = {
    "init": "Write a commented configuration by asking.",
    "import": "Observe the window by time of last update and upsert.",
    "recheck": "Daily catch-up of shipped FBA orders.",
    "doublecheck": "Daily catch-up of unshipped regular orders.",
    "compare": "The daily comparison of Amazon with the shop.",
    "status": "The state of things at a glance.",
    "show": "Everything known of one order.",
    "ignore": "Set an order, or a reported difference, aside.",
    "adopt": "Take over another importer's orders.",
    "check": "Try everything before the first run.",
    "plan": "A schedule that Amazon's quota carries.",
    "bridge": "Let PrestaShop's modules hear of imported orders.",
    "forget": "Blank buyers' data some time after delivery.",
    "simulator": "Run the simulated Amazon on a local port.",
    "demo": "The whole job, with no account and no server.",
}
