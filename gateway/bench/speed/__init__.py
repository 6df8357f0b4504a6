"""How fast a served gateway answers, against the limit of its server and plain Strawberry."""
