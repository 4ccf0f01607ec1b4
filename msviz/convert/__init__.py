"""Converting many audio files into representations, here or on a cluster."""
