"""The learned labeller: features, network, and what the memory of a source corrects. No training."""
