"""When two spellings are one name: rules, evidence and scores.  Pure."""
