"""Search: words of titles and messages, found by those who may see them."""
