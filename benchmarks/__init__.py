"""What msviz costs, measured beside something that makes the figures mean something."""
