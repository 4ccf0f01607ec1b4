"""What is drawn by hand: pictures, waveform, rulers."""
