"""Cut-outs and packshots: a product on nothing, or placed before a background of its own, lit and exported."""
