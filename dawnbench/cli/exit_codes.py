"""What the command line's exit status says."""

DONE = 0
REGRESSION = 1
NOT_MEASURED = 2
DIVERGED = 3
CRASHED = 70
"""EX_SOFTWARE of sysexits.h: a mistake in dawnbench, or in code of the user's that it runs."""
INTERRUPTED = 130

EXPLAINED = f"""\b
Exit codes:
  {DONE}    done
  {REGRESSION}    regress found a regression
  {NOT_MEASURED}    nothing measured or compared: wrong input, or something is missing
  {DIVERGED}    at least one trial diverged; the others count
  {CRASHED}   an unexpected error; its traceback is in the file that is named
  {INTERRUPTED}  interrupted; what was recorded is kept"""

REGRESS_EXPLAINED = f"""\b
Exit codes:
  {DONE}    the run holds against the baseline
  {REGRESSION}    a regression, or a convergence too fast to be true
  {NOT_MEASURED}    not comparable, too few trials, or wrong input
  {CRASHED}   an error that dawnbench did not expect"""
