"""The three protocols, each said in its own bytes."""
