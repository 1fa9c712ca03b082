"""What runs in a process of its own, since a file may do anything to what reads it.

Nothing here may import Django: each file starts such a process.
"""
