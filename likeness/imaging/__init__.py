"""Pure functions on arrays and Pillow images; no paths, no requests, no devices."""
