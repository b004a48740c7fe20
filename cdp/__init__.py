"""The customer data platform's library: one file per capability, shared by Lambda functions and Glue jobs."""
