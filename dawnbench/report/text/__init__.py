"""What people read, as Markdown and on a terminal."""
