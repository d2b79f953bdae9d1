"""Webhooks: receivers that are told how jobs ended, signed as Standard Webhooks says, by a process of their own."""
