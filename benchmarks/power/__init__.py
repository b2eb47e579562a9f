"""What other tools see of the faults that greenroom's own suite is tried with."""
