"""What was sent for an answer, and why: the context inspector."""
