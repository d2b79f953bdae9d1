"""Image files on this machine, without a service: compare, inspect, sign."""
