"""What of a picture is needed to hear it: coefficients left out, made coarse, or without their phase."""
