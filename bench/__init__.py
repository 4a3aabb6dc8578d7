"""What is measured, beside its limit in the same run. `python -m bench` writes docs/benchmarks.md."""
