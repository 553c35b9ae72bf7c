"""A simulated Amazon over real HTTP, with orders that live on a clock that can be moved.

`world` holds the orders (`orders`, `events`, `raw_orders`; made by `shop_life` or read from the user's own file by
`own_orders`), `rendering` and its kin write them as Amazon does, `service` answers requests, `http_server` is the
server. Nothing here is part of an import; `demo`, `simulator` and the tests use it.
"""
