"""A PrestaShop database as the place where orders are written."""
