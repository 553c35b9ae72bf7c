"""A simulated Amazon over real HTTP, with orders whose life runs on a clock that can be moved.

`world` holds the orders (`orders`, `states`; made by `shop_life` or read by `order_files`), `order_json` writes them as
Amazon does, `orders_api`, `reports_api` and `access` answer requests, `service` routes them, `http_server` is the
server. Nothing here is part of an import; `demo`, `simulator` and the tests use it.
"""
