"""HTTP: GraphQL, the explorer, health; and who is asking."""
