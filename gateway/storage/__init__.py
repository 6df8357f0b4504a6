"""The databases: engines, tables, migrations."""
