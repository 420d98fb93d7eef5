"""What an architecture becomes: source, trained weights, compressed and exported models."""
