"""What the OpenAPI description is made of."""
