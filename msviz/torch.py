"""Representations as training data for PyTorch (the extra `torch`)."""
