"""The AUTOMATIC1111 API as one slice: requests, ControlNet units, routes."""
