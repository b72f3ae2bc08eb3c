"""How fast Guerdon is, told as ratios: ``python -m benchmarks`` runs everything and prints the table.

Run from the repository root. Nothing here is part of the package, and no test waits for a clock.
"""
