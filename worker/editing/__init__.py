"""What one picture asks of an engine: the plan of an edit, its canvas and its controls."""
