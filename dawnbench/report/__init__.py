"""What people read: tables for files and for terminals. Imports no torch."""
