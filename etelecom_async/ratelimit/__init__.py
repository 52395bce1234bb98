"""How much and how fast: slots, a fixed rate, a rate that adapts, a rate shared by processes."""
