"""How alike two images are: one metric per file, each a function of two float32 arrays H x W x 3 in 0..1."""
