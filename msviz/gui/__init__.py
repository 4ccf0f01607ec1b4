"""The window, and all that uses Qt."""
