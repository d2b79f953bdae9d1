"""How far the verdict agrees with people who looked at the images."""
