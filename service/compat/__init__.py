"""The APIs of others, so that their clients work unchanged: each translated into jobs of ours, and back."""
