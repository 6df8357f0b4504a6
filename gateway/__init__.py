"""When, where, and remembering: decides when to ask a partner, keeps the answer, serves it."""
