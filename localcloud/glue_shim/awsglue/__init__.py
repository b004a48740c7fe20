"""Stands in for AWS Glue's own library where a job runs outside Glue: only what the jobs use."""
