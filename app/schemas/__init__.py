"""The documents that go in and out: scenario, plan, run, problem."""
