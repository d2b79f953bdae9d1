"""Image files to arrays and back: PNG, JPEG, WebP, EXIF, XMP."""
