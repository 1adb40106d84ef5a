"""The memory: one transaction per step, on SQLite or PostgreSQL by URL."""
