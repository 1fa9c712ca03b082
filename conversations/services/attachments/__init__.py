"""Files that people add: checked, kept, and of a message once it is sent."""
