"""What the tool promises under faults and load, measured."""
