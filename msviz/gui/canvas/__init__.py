"""What the window draws by hand: pictures, waveform, rulers."""
