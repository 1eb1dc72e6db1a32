"""What people read: Markdown, terminals, charts, pages and sites. Never imports torch."""
