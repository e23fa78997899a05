"""The gates: what must be true of frames before anything downstream may use them. PURE: frames in, results out."""
