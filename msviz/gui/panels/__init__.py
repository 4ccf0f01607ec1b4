"""The parts of the window around and with the canvases."""
