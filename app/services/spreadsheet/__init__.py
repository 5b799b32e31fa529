"""A scenario as a workbook that planners fill in, and back."""
