"""The database engine of the site on PostgreSQL."""
