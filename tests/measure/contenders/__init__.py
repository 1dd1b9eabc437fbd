"""What the benchmark compares: a module for each library, imported in a process of its own.

A contender is a function (architecture, training split) -> function that trains one epoch.
"""
