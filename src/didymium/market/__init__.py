"""How it clears: the network of a case, the one linear program, its calibration and its prices."""
