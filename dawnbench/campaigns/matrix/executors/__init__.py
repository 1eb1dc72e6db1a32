"""What runs a campaign's trials: processes of this machine, a Ray cluster, or Slurm jobs."""
