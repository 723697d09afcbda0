"""What is known: the tables of a case, their checks and units, scenarios."""
