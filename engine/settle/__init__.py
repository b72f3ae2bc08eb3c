"""Settlement and finance: statements, bank files, books, packages, reports."""
