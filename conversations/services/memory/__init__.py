"""What stays of turns that leave the context: summaries, facts, pins."""
