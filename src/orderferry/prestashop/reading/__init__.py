"""Look-ups in the shop: facts once a run, markers, products and accounts once a page of orders. They write nothing."""
