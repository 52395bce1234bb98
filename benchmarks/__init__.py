"""What a call costs, measured against the aiohttp code that it stands in for: `python benchmarks/run.py`."""
