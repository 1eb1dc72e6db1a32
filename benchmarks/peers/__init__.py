"""Public record holders measured beside a recipe of ours: their scripts, fetched by the user."""
