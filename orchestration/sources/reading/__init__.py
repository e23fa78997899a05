"""Reading tabular files with DuckDB: formats.py opens one as a relation of raw columns, typed.py types them by the contract."""
