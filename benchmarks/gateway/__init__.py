"""Privet beside what people would pick instead, measured in one run: `make bench`."""
