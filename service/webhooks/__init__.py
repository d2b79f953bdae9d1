"""Webhooks: receivers are notified of how jobs ended, signed as Standard Webhooks says, by a process of its own."""
