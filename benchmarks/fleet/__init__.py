"""A day of traffic on fleets of any size, simulated by the queue's own rules."""
