"""HiGHS: hand-over of the formulation, the solve, its incumbents, and what the statuses mean."""
