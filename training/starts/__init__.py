"""Starting points that are computed instead of trained."""
