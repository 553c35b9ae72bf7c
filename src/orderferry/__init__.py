"""orderferry brings Amazon orders into a PrestaShop shop."""

__version__ = "0.1.0"
