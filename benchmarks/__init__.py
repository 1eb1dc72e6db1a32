"""How fast dawnbench trains, and what its own timing, recording and display cost."""
