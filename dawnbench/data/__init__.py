"""Data sets, decoded once and kept on the device as uint8; augmentation; batches."""
