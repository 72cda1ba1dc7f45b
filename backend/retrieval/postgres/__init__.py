"""PostgreSQL with pgvector: a store that replicas share."""
