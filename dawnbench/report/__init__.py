"""What people read: Markdown, terminals, charts, pages and sites. Imports no torch."""
