"""Every query on the database."""
