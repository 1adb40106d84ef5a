"""One room per tool; each translates and does nothing else."""
