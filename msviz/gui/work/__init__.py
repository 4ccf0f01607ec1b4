"""What worker threads do for the window: analysis, resynthesis, exports."""
