"""The edge to AWS: one file per external system, nothing else imports a vendor's client."""
