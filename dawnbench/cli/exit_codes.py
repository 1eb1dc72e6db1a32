"""The command line's exit codes."""

DONE = 0
REGRESSION = 1
NOT_MEASURED = 2
DIVERGED = 3
MISSED = 4
CRASHED = 70
"""EX_SOFTWARE of sysexits.h: a bug in dawnbench, or in the user's code that it runs."""
INTERRUPTED = 130

EXPLAINED = f"""\b
Exit codes:
  {DONE}    done
  {REGRESSION}    regress found a regression
  {NOT_MEASURED}    nothing measured or compared: wrong input, or something is missing
  {DIVERGED}    at least one trial diverged; the others count
  {MISSED}    a trial missed the target, with --require-target
  {CRASHED}   an unexpected error; the message names the file with its traceback
  {INTERRUPTED}  interrupted; what was recorded is kept"""

REGRESS_EXPLAINED = f"""\b
Exit codes:
  {DONE}    the run is as good as the baseline
  {REGRESSION}    a regression, or convergence that is too fast to be true
  {NOT_MEASURED}    not comparable, too few trials, or wrong input
  {CRASHED}   an unexpected error"""
