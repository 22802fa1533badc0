"""The bundle that ships: its tables, and how it is built and checked."""
