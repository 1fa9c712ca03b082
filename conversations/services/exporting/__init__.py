"""A conversation as a file to keep: Markdown, JSON, or one page of HTML."""
