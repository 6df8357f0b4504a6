"""What only operators may ask and do, one module per topic, mixed into the roots."""
