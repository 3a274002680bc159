"""Plan, then apply: what a destructive call would do, and the code that lets it be done."""
