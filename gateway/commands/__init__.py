"""Commands of the command line, one module per topic; `gateway.cli` registers them."""
