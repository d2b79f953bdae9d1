"""Training data: photos, masks, textures, phrases, encoded pairs."""
