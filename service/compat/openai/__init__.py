"""The OpenAI images API as one slice: schemas, requests, responses, routes."""
