"""The page for planners: plain modules, served as they are."""
