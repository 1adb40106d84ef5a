"""What the daemon serves: health, metrics and webhooks."""
