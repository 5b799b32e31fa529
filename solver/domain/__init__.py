"""The words of the problem: instance, plan, result, errors. Standard library and numpy only."""
