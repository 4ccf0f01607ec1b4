"""What worker threads do for the window."""
