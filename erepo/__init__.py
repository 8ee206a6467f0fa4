"""erepo: an open repository for Polish medical documents (HL7 CDA PIK).

The library knows the domain and nothing of Prefect: `flows/` orchestrate, `tasks/` wrap, `erepo/` knows.
Its rooms, lowest first, and who may import whom are drawn in `docs/explanation/architecture.md` and checked
by import-linter.
"""
