"""What Likeness claims, as programs; benchmarks/README.md has the figures they printed."""
