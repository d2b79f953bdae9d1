"""Webhooks: notify receivers when jobs end, signed according to Standard Webhooks, from a separate process."""
