"""What a finished picture is, measured on its file, and whether it is what a marketplace asks for."""
