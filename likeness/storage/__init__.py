"""Where image bytes live: a folder or an object store."""
