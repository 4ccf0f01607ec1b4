"""What the window shows: its state, with no widgets."""
