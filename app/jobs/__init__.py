"""The job engine: its port, the worker, and the child process that solves."""
