"""The parts of the GPU check, each in a process of its own: a CUDA error spoils the process it happens in."""
