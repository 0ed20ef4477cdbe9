"""Tools: what an agent can do, each one term of a small algebra over the schema."""
