"""What a steward does with a deployed platform, one file per make target; credentials are the person's own."""
