"""Entry point of the `orderferry` script."""


def main() -> None:
    """Run the command line."""
