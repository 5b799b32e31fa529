"""What a plan alone does not tell: repairs, prices, alternatives, trade-offs. Many solves each."""
