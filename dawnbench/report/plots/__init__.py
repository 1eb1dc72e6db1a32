"""Charts as SVG and PNG files; the only package that imports matplotlib."""
