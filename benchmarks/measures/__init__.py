"""What `benchmarks/pii.py` measures, and on what."""
