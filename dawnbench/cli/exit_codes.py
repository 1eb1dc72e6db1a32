"""What the command line's exit status says."""

DONE = 0
NOT_MEASURED = 2
DIVERGED = 3
INTERRUPTED = 130

EXPLAINED = f"""\b
Exit codes:
  {DONE}    done
  {NOT_MEASURED}    nothing could be measured: wrong input, or the machine lacks something
  {DIVERGED}    at least one trial diverged; the others count
  {INTERRUPTED}  interrupted; what was recorded is kept"""
