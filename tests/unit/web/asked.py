"""What several files of tests ask."""

TITLES = "{ courses { nodes { title summary } } }"
QUOTE = "{ courses(first: 1) { nodes { offerings { q: quote { price { amount } } } } } }"
ME = "{ me { __typename } }"
TOKEN = {"Authorization": "Bearer ani"}
