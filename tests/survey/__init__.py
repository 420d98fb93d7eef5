"""A survey of imports: models that packages ship, each imported in a process of its own and compared with itself."""
