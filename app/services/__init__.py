"""The use cases, where schemas, geodata, solver and tables meet."""
