"""Parts of the query and mutation roots, by topic; most are for operators."""
