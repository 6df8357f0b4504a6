"""What clients may rely on: the released SDL, and the operations that they have registered."""
