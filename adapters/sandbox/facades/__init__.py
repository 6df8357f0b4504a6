"""One module per partner: its wire format, served over a `Shop`.

Each has `build_routes(shop)`, checks the partner's authentication with `shop.secrets`,
lists `shop.offerings` and books in `shop.book`.  Each writes its format from the
partner's page in docs/partners, never from its adapter: they check each other.
"""
