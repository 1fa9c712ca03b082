"""What the next request will take and cost, before it is sent."""
