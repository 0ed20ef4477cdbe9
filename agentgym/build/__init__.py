"""Building: from a source to a domain folder, and back to the proof that it holds."""
