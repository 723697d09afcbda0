"""What a tonne is worth: value at risk, shared by screen, shock and plan."""
