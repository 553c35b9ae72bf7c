"""`python -m orderferry` is the same program as the `orderferry` script."""

from orderferry.cli.main import main

if __name__ == "__main__":
    main()
