"""What a picture editor sees in an edit: one file per fault, each figure measured on copies of short side 400."""
