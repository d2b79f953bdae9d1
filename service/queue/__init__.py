"""Jobs in Redis as the service sees them."""
