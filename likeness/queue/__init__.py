"""Where service and worker meet in Redis: keys, fair queueing, the webhook outbox."""
